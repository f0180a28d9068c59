# frozen_string_literal: true

# Highlights the text in each line (JSON: text, language) with the client, and says how it went in a line of its own.
require "json"
require "mergepoint"

client = Mergepoint::Client.new(ARGV.fetch(0))
$stdout.sync = true
$stdin.each_line do |line|
  text, language = JSON.parse(line)
  puts JSON.generate({ status: 200, detail: client.highlight(text, language:, nowrap: true).to_s })
rescue Mergepoint::Error => e
  puts JSON.generate({ status: e.status.to_i, detail: e.message })
end

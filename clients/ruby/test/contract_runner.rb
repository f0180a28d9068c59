# frozen_string_literal: true

# Runs the contract cases through this client against a live server, comparing bytes. Without files, all of them.
#
#   ruby -Iclients/ruby/lib clients/ruby/test/contract_runner.rb http://localhost:8080 [tests/contract/highlight.json]
#
# Some pictures are compared by what they show: by the command in PIXELS, python -m tests.contract.pixels. Without it
# only what is said about them is.

require "json"
require "mergepoint"
require "open3"
require "shellwords"

# One case: what to call, and what to expect of the answer. tests/contract/runner.py says what an expectation means.
class ContractCase
  SILENT = %w[status type].freeze # facts that some answers do not tell
  WRAPPED = { "guess" => "candidates" }.freeze # the clients take a list out of its JSON; this is its name there
  PIXELS = ENV.fetch("PIXELS", "").shellsplit.freeze

  Checked = Struct.new(:well_formed, :service)

  def initialize(facts)
    @facts = facts
    @call = facts.fetch("call")
  end

  # What is wrong; nothing, if all is well.
  def differences(client)
    compare(@facts.fetch("expect"), answer(client))
  end

  private

  def answer(client)
    options = @facts.fetch("options", {})
    options = { **options, "image" => options["image"].unpack1("m") } if options["image"]
    return Checked.new(client.auth.check(options.fetch("key")), nil) if @call == "auth"
    return Checked.new(nil, client.jobs.check(options.fetch("path"))) if @call == "jobs"

    names = client.method(@call).parameters.filter_map { |kind, name| name.to_s if %i[req opt].include?(kind) }
    first = options.values_at(*names).map { |value| value.is_a?(Array) ? value.map { _1.transform_keys(&:to_sym) } : value }
    client.public_send(@call, *first, **options.except(*names).transform_keys(&:to_sym))
  rescue Mergepoint::Error => e
    e
  end

  def compare(expected, got)
    { "error" => nil, **expected }.flat_map do |fact, value|
      case fact
      when "text" then got == value ? [] : "#{got.inspect} instead of #{value.inspect}"
      when "base64" then got == value.unpack1("m") ? [] : "other bytes: #{got.inspect}"
      when "pixels" then PIXELS.any? ? shown(value, got) : []
      when "includes" then included?(value, { WRAPPED.fetch(@call, @call) => got }) ? [] : "lacks some of #{value}"
      when "results" then value.size == got.size ? value.zip(got).flat_map { compare(*_1) } : "other results"
      else fact_holds?(fact, value, got) ? [] : "#{fact} is not #{value.inspect}: #{got.inspect}"
      end
    end
  end

  # How a picture differs from the PNG that is expected.
  def shown(expected, got)
    return "no picture: #{got.inspect}" if got.is_a?(Mergepoint::Error)

    said, done = Open3.capture2(*PIXELS, expected, stdin_data: got.to_s, binmode: true)
    done.success? && said.empty? ? [] : "shows something else: #{said}"
  end

  def fact_holds?(fact, value, got)
    told = case fact
           when "error" then got.code if got.is_a?(Mergepoint::Error)
           when "status" then got.is_a?(Mergepoint::Error) ? got.status : 200
           when "type" then got.type if got.respond_to?(:type)
           else got.respond_to?(fact) ? got.public_send(fact) : abort("nothing is said about #{fact}: #{got.inspect}")
           end
    told == value || (told.nil? && SILENT.include?(fact))
  end

  # A list may hold more, in any order.
  def included?(part, whole)
    case part
    when Hash then whole.is_a?(Hash) && part.all? { |key, value| included?(value, whole[key]) }
    when Array then whole.is_a?(Array) && part.all? { |value| whole.any? { included?(value, _1) } }
    else part == whole
    end
  end
end

# Half a pair of surrogates, which Ruby's JSON refuses as an escape and takes as bytes.
LONE = /(?<!\\)\\u(d[89ab]\h\h)(?!\\ud[c-f]\h\h)|(?<!\\ud[89ab]\h\h)\\u(d[c-f]\h\h)/i

def cases(file)
  text = File.binread(file).gsub(LONE) { [($1 || $2).hex].pack("U").b }
  JSON.parse(text.force_encoding("UTF-8")).fetch("cases")
end

url, *files = ARGV
abort("usage: #{$PROGRAM_NAME} URL [FILE...]") unless url
files = Dir[File.expand_path("../../../tests/contract/*.json", __dir__)].sort if files.empty?
all = files.flat_map { |file| cases(file) }
client = url.start_with?("http") ? Mergepoint::Client.new(url) : Mergepoint::ZeroMQ.new(url)

failed = all.count do |facts|
  differences = ContractCase.new(facts).differences(client)
  puts "#{facts["name"]}: #{differences.join("; ")}" if differences.any?
  differences.any?
end
puts "#{all.size - failed} passed, #{failed} failed"
exit(1) if failed.positive? || all.empty?

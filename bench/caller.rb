# frozen_string_literal: true

# As caller.py, with the clients in Ruby: caller.rb WAY ADDRESS SECONDS FILE; WAY is client-http or client-zeromq.
require_relative "../clients/ruby/lib/mergepoint/zeromq"

WARM_UP = 5

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

way, address, seconds, file = ARGV
kind = { "client-http" => Mergepoint::Client, "client-zeromq" => Mergepoint::ZeroMQ }.fetch(way)
client = kind.new(address, timeout: 60)
code = File.read(file)
ends = now + Float(seconds)
taken = []
while now < ends || taken.size <= 2 * WARM_UP
  text = "#{code}# #{taken.size}\n"
  began = now
  client.highlight(text, language: "python")
  taken << (now - began)
end
taken = taken.drop(WARM_UP)
sorted = taken.sort
puts [taken.size / taken.sum, sorted[sorted.size / 2] * 1000, sorted[sorted.size * 99 / 100] * 1000].join(" ")

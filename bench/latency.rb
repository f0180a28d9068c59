# frozen_string_literal: true

# How much longer a call of the Ruby client takes than its bytes on a socket: latency.rb HOST PORT FILE CALLS
# Prints both medians in microseconds: the client's and the socket's. latency.py does the same for Python.
require "socket"
require_relative "../clients/ruby/lib/mergepoint"

WARM_UP = 50

# The same request on a kept connection, as little as one can do.
class Raw
  def initialize(host, port, body)
    @request = "POST /highlight?language=python HTTP/1.1\r\nHost: #{host}\r\n" \
               "Content-Type: text/plain; charset=utf-8\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}"
    @socket = TCPSocket.new(host, port)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  end

  def ask
    @socket.write(@request)
    data = @socket.readpartial(1 << 16)
    data << @socket.readpartial(1 << 16) until data.include?("\r\n\r\n")
    head, body = data.split("\r\n\r\n", 2)
    length = Integer(head[/^content-length: (\d+)/i, 1])
    body << @socket.readpartial(1 << 16) while body.bytesize < length
    body
  end
end

def median(times) = times.drop(WARM_UP).sort[times.drop(WARM_UP).size / 2]

host, port, file, calls = ARGV
code = File.read(file)
client = Mergepoint::Client.new("http://#{host}:#{port}")
raw = Raw.new(host, Integer(port), code)
ways = { -> { client.highlight(code, language: "python") } => [], -> { raw.ask } => [] }
(Integer(calls) + WARM_UP).times do
  ways.each do |way, times|
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    answer = way.call
    times << (Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
    raise "another answer" unless answer.end_with?("</pre></div>\n")
  end
end
puts ways.values.map { |times| (median(times) * 1e6).round(1) }.join(" ")

# frozen_string_literal: true

require "socket"
require "json"

# A server on a free port that answers what it is told to, right or wrong. Each request takes the next of its answers,
# the last one stays. An answer is a string of bytes, or a block that gets the socket, which is closed afterwards.
class FaultServer
  Request = Struct.new(:verb, :target, :headers, :body, :connection)

  attr_reader :requests, :url

  def self.ok(body = "<div></div>\n", headers = {})
    defaults = { "Content-Type" => "text/html; charset=utf-8", "Mergepoint-Language" => "ruby" }
    answer(200, body, defaults.merge(headers))
  end

  def self.json(value, status: 200, **headers)
    answer(status, JSON.generate(value), { "Content-Type" => "application/json" }.merge(headers))
  end

  def self.problem(status, code, headers = {}, **more)
    answer(status, JSON.generate({ type: "about:blank", title: "Sorry", status:, code:, detail: "it is so", **more }),
           { "Content-Type" => "application/problem+json", "X-Request-Id" => "from-header" }.merge(headers))
  end

  def self.answer(status, body, headers = {})
    head = { "Content-Length" => body.bytesize }.merge(headers).map { |name, value| "#{name}: #{value}\r\n" }.join
    "HTTP/1.1 #{status} Whatever\r\n#{head}\r\n".b << body.b
  end

  def self.run(*answers)
    server = new(answers)
    yield server, Mergepoint::Client.new(server.url, timeout: 5)
  ensure
    server&.stop
  end

  # *listener* accepts connections: a TCPServer, or one with TLS on top.
  def initialize(answers, listener = TCPServer.new("127.0.0.1", 0))
    @answers = answers
    @requests = []
    @lock = Mutex.new
    @listener = listener
    @url = "http://127.0.0.1:#{listener.to_io.local_address.ip_port}"
    @threads = [Thread.new { accept }]
  end

  def stop
    @listener.close
    @threads.each(&:kill)
  end

  # How many connections the requests came on.
  def connections = requests.map(&:connection).uniq.size

  private

  def accept
    number = 0
    begin
      loop { @threads << Thread.new(@listener.accept, number += 1) { |socket, id| serve(socket, id) } }
    rescue StandardError
      retry unless @listener.closed? # a handshake that failed
    end
  end

  def serve(socket, number)
    while (request = read(socket, number))
      answer = @lock.synchronize do
        @requests << request
        @answers.size > 1 ? @answers.shift : @answers.first
      end
      next socket.write(answer) if answer.is_a?(String)

      break answer.call(socket, request)
    end
  rescue StandardError
    nil # the client went away
  ensure
    socket.close
  end

  def read(socket, number)
    verb, target = socket.gets&.split
    return unless verb

    headers = {}
    while (line = socket.gets.chomp) != ""
      name, value = line.split(": ", 2)
      headers[name.downcase] = value
    end
    Request.new(verb, target, headers, socket.read(headers["content-length"].to_i), number)
  end
end

# frozen_string_literal: true

require "forwardable"
require "net/http"

module Mergepoint
  # The end of a call, its retries included.
  class Deadline
    def initialize(seconds)
      @end = now + seconds
    end

    def remaining
      @end - now
    end

    # The same for whoever is about to wait: there must be something to wait for.
    def remaining!
      remaining.positive? ? remaining : raise(Net::ReadTimeout)
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # A socket that does all its reading and writing before one deadline, and reads no more than so many bytes.
  class Meter
    extend Forwardable

    class TooMuch < StandardError; end

    attr_writer :io

    def_delegators :@io, :to_io, :eof?, :close, :closed?

    def reset(deadline, bytes)
      @deadline = deadline
      @bytes = bytes
      @ended = false
    end

    def ended? = @ended

    def read_nonblock(size, buffer = nil, exception: false)
      read = patiently { @io.read_nonblock(size, buffer, exception:) }
      @ended = read.nil?
      raise TooMuch if (@bytes -= read.to_s.bytesize).negative?

      read
    end

    def write_nonblock(data, exception: false)
      patiently { @io.write_nonblock(data, exception:) }
    end

    private

    def patiently
      loop do
        seconds = @deadline.remaining!
        case (result = yield)
        when :wait_readable then to_io.wait_readable(seconds)
        when :wait_writable then to_io.wait_writable(seconds)
        else return result
        end
      end
    end
  end

  # A kept connection. Net::HTTP times each read and not the whole, so that a byte now and then could hold it for ever;
  # it takes any size, and a body that ends early for a whole one. This one does not.
  class Connection < Net::HTTP
    FRAMING = 1 << 20 # bytes of headers and chunk sizes, on top of the body

    def self.to(url)
      connection = new(url.hostname, url.port, nil) # no proxy: what is sent depends on nothing but the call
      connection.use_ssl = url.scheme == "https"
      connection.max_retries = 0 # Server knows better when
      connection.keep_alive_timeout = 30 # seconds; servers and balancers close idle connections after 60 or so
      connection
    end

    # The complete answer to *message*, with a body of at most *limit* bytes.
    def exchange(message, deadline, connect_timeout:, limit:)
      meter.reset(deadline, limit + FRAMING)
      self.open_timeout = [connect_timeout, deadline.remaining!].min
      start unless started?
      request(message).tap { |answer| check(answer, answer.body.to_s.bytesize, limit) }
    rescue Net::HTTPBadResponse
      raise unless meter.ended?

      raise EOFError, "the answer ended early"
    end

    private

    def check(answer, size, limit)
      raise Meter::TooMuch if size > limit
      return if answer.chunked? || size == answer.content_length

      raise EOFError, "the answer ended early" if answer.content_length || answer.is_a?(Net::HTTPOK)
    end

    def connect
      super
      meter.io = @socket.io
      @socket = Net::BufferedIO.new(meter)
    end

    def meter = @meter ||= Meter.new
  end
end

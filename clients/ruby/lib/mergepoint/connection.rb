# frozen_string_literal: true

require "forwardable"
require "net/http"

module Mergepoint
  # The end of a call and its retries.
  class Deadline
    def initialize(seconds)
      @end = now + seconds
    end

    def remaining
      @end - now
    end

    # The seconds that are left; raises Net::ReadTimeout if there are none.
    def remaining!
      remaining.positive? ? remaining : raise(Net::ReadTimeout)
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  # A socket that reads and writes until a deadline, and reads a limited number of bytes.
  class Meter
    extend Forwardable

    class TooManyBytes < StandardError; end

    attr_writer :io

    def_delegators :@io, :to_io, :eof?, :close, :closed?

    def reset(deadline, bytes)
      @deadline = deadline
      @bytes = bytes
      @ended = false
    end

    def ended? = @ended

    def read_nonblock(size, buffer = nil, exception: false)
      read = wait_until_deadline { @io.read_nonblock(size, buffer, exception:) }
      @ended = read.nil?
      raise TooManyBytes if (@bytes -= read.to_s.bytesize).negative?

      read
    end

    def write_nonblock(data, exception: false)
      wait_until_deadline { @io.write_nonblock(data, exception:) }
    end

    private

    def wait_until_deadline
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

  # A kept connection. Net::HTTP limits the time of each read, not of the whole, so a slow server could hold it for
  # ever; it also accepts any size, and a body that ends early. This class does not.
  class Connection < Net::HTTP
    FRAMING = 1 << 20 # bytes of headers and chunk sizes, on top of the body

    def self.to(url)
      connection = new(url.hostname, url.port, nil) # no proxy: what is sent depends on nothing but the call
      connection.use_ssl = url.scheme == "https"
      connection.max_retries = 0 # Server retries instead
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
      raise Meter::TooManyBytes if size > limit
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

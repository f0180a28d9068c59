# frozen_string_literal: true

require "json"
require "stringio"
require "time"
require "uri"

module Mergepoint
  # A file that is sent from its current position, as it is read, and again if need be. A pipe is read into memory.
  class Upload
    attr_reader :size

    def initialize(file)
      @start = file.pos
      @file = file
      @size = file.size - @start
    rescue Errno::ESPIPE
      @start = 0
      @file = StringIO.new(file.read)
      @size = @file.size
    end

    def rewind = @file.seek(@start)

    def read(...) = @file.read(...)
  end

  # One server: kept connections, retries, and the error of each failure. It does not know what the calls mean.
  # Threads and forked processes may share it.
  class Server
    FIRST_PAUSE = 0.1 # seconds
    DOUBLINGS = 5 # of the pause, which is therefore at most 3.2 s, beside Retry-After
    IDLE = 16 # connections kept for the next calls

    def initialize(url, api_key:, connect_timeout:, timeout:, retries:, max_response_bytes:)
      @url = check_url(url)
      @headers = { "Accept" => "*/*", "Accept-Encoding" => "identity", "User-Agent" => "mergepoint-ruby/#{VERSION}" }
      @key = check_key(api_key) if api_key
      @headers["Authorization"] = "Bearer #{@key}" if @key
      @limits = { connect_timeout:, limit: max_response_bytes }
      @timeout = timeout
      @retries = retries
      @lock = Mutex.new
    end

    def to_s = @url.to_s

    def inspect = "#<#{self.class} #{self}>" # without the API key

    # *headers* are sent beside the client's own; an answer of another *status* is an error.
    def get(path, query = {}, headers: {}, status: 200)
      call(Net::HTTP::Get.new(target(path, query), { **@headers, **headers }), status)
    end

    def delete(path) = call(Net::HTTP::Delete.new(target(path, {}), @headers))

    def post(path, body, type, query = {}, headers: {}, status: 200)
      request = Net::HTTP::Post.new(target(path, query), { **@headers, "Content-Type" => type, **headers })
      if body.respond_to?(:read)
        request.body_stream = upload = Upload.new(body)
        request.content_length = upload.size
      else
        request.body = body
      end
      call(request, status)
    end

    # Sends a request that must not be made twice: on a new connection, without retries. A GET is tried again.
    def once(method, path, body, type)
      return get(path) if method == :get

      kind = { post: Net::HTTP::Post, delete: Net::HTTP::Delete }.fetch(method)
      request = kind.new(target(path, {}), { **@headers, "Content-Type" => type })
      request.body = body
      check_status(send_on(Connection.to(@url), request, Deadline.new(@timeout)))
    end

    def close
      @lock.synchronize { idle.each(&:finish).clear }
    end

    private

    # The messages do not quote the URL: it may hold a password.
    def check_url(url)
      parsed = URI.parse(url.chomp("/"))
      plain = parsed.is_a?(URI::HTTP) && parsed.hostname && [parsed.userinfo, parsed.query, parsed.fragment].none?
      plain ? parsed : raise(ArgumentError, "url must be like http://localhost:8080 or https://example.com/prefix")
    rescue URI::InvalidURIError
      raise ArgumentError, "url cannot be read", cause: nil
    end

    # A key without line ends cannot add a header of its own.
    def check_key(key)
      key.match?(/\A[!-~]+\z/) ? key : raise(ArgumentError, "api_key must be visible ASCII characters without spaces")
    end

    def target(path, query)
      query.empty? ? @url.path + path : "#{@url.path}#{path}?#{URI.encode_www_form(query)}"
    end

    # What comes here may be repeated, after a pause: it changes nothing, or has an Idempotency-Key.
    def call(request, status = 200)
      deadline = Deadline.new(@timeout)
      tried = 0
      begin
        response = nil
        response = answer(request, deadline)
        check_status(response, status)
      rescue ConnectionFailed, RateLimited, Unavailable => e
        raise if response && response["Mergepoint-Job"] # the result of a job stays as it is

        # Full jitter: clients that failed at the same time must not return at the same time, even after Retry-After.
        pause = e.retry_after.to_f + (rand * FIRST_PAUSE * (2**[tried, DOUBLINGS].min))
        raise if tried >= @retries || pause >= deadline.remaining

        sleep(pause)
        tried += 1
        retry
      end
    end

    def answer(request, deadline)
      send_kept(request, deadline) || send_on(Connection.to(@url), request, deadline)
    end

    def check_status(response, expected = 200)
      raise InvalidResponse, "#{self}: answered in an encoding that was not asked for" if response["Content-Encoding"]

      response.body&.force_encoding(Encoding::UTF_8)
      about = { status: response.code.to_i, request_id: response["X-Request-Id"] }
      case about[:status]
      when expected then response
      when 400.. then raise ApiError.from(problem(response), server: self, **about, retry_after: retry_after(response))
      else raise InvalidResponse.new("#{self}: answered #{about[:status]}; redirects are not followed", **about)
      end
    end

    # The problem without the API key: a server may quote it, and errors end up in logs.
    def problem(response)
      text = response.body.to_s.scrub
      JSON.parse(@key ? text.gsub(@key, "***") : text)
    rescue JSON::ParserError
      nil # the answer of another server on the way
    end

    # Seconds, or a date (RFC 9110, 10.2.3).
    def retry_after(response)
      asked = response["Retry-After"].to_s
      asked.match?(/\A\d+\z/) ? asked.to_f : [Time.httpdate(asked) - Time.now, 0.0].max
    rescue ArgumentError
      nil
    end

    # nil if there is no kept connection, or it fails: most likely the server had closed it. That is not a retry.
    def send_kept(request, deadline)
      kept = @lock.synchronize { idle.pop }
      send_on(kept, request, deadline) if kept
    rescue Timeout, ResponseTooLarge
      raise
    rescue ConnectionFailed, InvalidResponse
      nil
    end

    def send_on(connection, request, deadline)
      request.body_stream&.rewind
      response = connection.exchange(request, deadline, **@limits)
      kept = @lock.synchronize { idle.push(connection) if idle.size < IDLE }
      response
    rescue Net::OpenTimeout, Net::ReadTimeout
      raise Timeout, "#{self}: no answer in time"
    rescue Meter::TooManyBytes
      raise ResponseTooLarge, "#{self}: the answer is longer than #{@limits[:limit]} bytes"
    rescue Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError
      raise InvalidResponse, "#{self}: answered something that is not HTTP"
    rescue SystemCallError, SocketError, IOError, *tls_errors => e
      raise ConnectionFailed, "#{self}: #{e.message}"
    ensure
      connection.finish if !kept && connection.started?
    end

    # A connection is out of this list while a call uses it, so threads and interrupted calls never share one. A forked
    # child does not touch its parent's connections, not even to close them.
    def idle
      @idle = [] unless @process == Process.pid
      @process = Process.pid
      @idle
    end

    def tls_errors = defined?(OpenSSL::SSL::SSLError) ? [OpenSSL::SSL::SSLError] : []
  end
end

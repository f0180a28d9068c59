# frozen_string_literal: true

require "json"
require "stringio"
require "time"
require "uri"

module Mergepoint
  # A file that is sent as it is read, from where it stood, as often as need be. What cannot be read twice is read now.
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

  # The way to one server: kept connections, retries, and which error a failure is. Knows nothing of what the calls
  # mean. Threads may share it, and so may forks.
  class Server
    FIRST_PAUSE = 0.1
    DOUBLINGS = 5 # so a pause, Retry-After aside, is at most 3.2 s
    IDLE = 16 # connections kept for the next calls

    def initialize(url, api_key:, connect_timeout:, timeout:, retries:, max_response_bytes:)
      @url = checked_url(url)
      @headers = { "Accept" => "*/*", "Accept-Encoding" => "identity", "User-Agent" => "mergepoint-ruby/#{VERSION}" }
      @key = checked_key(api_key) if api_key
      @headers["Authorization"] = "Bearer #{@key}" if @key
      @limits = { connect_timeout:, limit: max_response_bytes }
      @timeout = timeout
      @retries = retries
      @lock = Mutex.new
    end

    def to_s = @url.to_s

    def inspect = "#<#{self.class} #{self}>" # the key shows itself to nobody but the server

    def get(path, query = {})
      call(Net::HTTP::Get.new(target(path, query), @headers))
    end

    def post(path, body, type, query = {})
      request = Net::HTTP::Post.new(target(path, query), { **@headers, "Content-Type" => type })
      if body.respond_to?(:read)
        request.body_stream = upload = Upload.new(body)
        request.content_length = upload.size
      else
        request.body = body
      end
      call(request)
    end

    # For what must not be done twice: on a new connection, and not tried again.
    def once(method, path, body, type)
      return get(path) if method == :get

      kind = { post: Net::HTTP::Post, delete: Net::HTTP::Delete }.fetch(method)
      request = kind.new(target(path, {}), { **@headers, "Content-Type" => type })
      request.body = body
      checked(send_on(Connection.to(@url), request, Deadline.new(@timeout)))
    end

    def close
      @lock.synchronize { idle.each(&:finish).clear }
    end

    private

    # The messages never repeat what they refuse: it may hold a password.
    def checked_url(url)
      parsed = URI.parse(url.chomp("/"))
      plain = parsed.is_a?(URI::HTTP) && parsed.hostname && [parsed.userinfo, parsed.query, parsed.fragment].none?
      plain ? parsed : raise(ArgumentError, "url must be like http://localhost:8080 or https://example.com/prefix")
    rescue URI::InvalidURIError
      raise ArgumentError, "url cannot be read", cause: nil
    end

    # What this lets through cannot end a header line and begin another one.
    def checked_key(key)
      key.match?(/\A[!-~]+\z/) ? key : raise(ArgumentError, "api_key must be visible ASCII characters without spaces")
    end

    def target(path, query)
      query.empty? ? @url.path + path : "#{@url.path}#{path}?#{URI.encode_www_form(query)}"
    end

    # Every call of this client is pure, so trying twice does no harm; trying at once does.
    def call(request)
      deadline = Deadline.new(@timeout)
      tried = 0
      begin
        answer(request, deadline)
      rescue ConnectionFailed, RateLimited, Unavailable => e
        # Full jitter: clients that failed together must not come back together, also not after Retry-After.
        pause = e.retry_after.to_f + (rand * FIRST_PAUSE * (2**[tried, DOUBLINGS].min))
        raise if tried >= @retries || pause >= deadline.remaining

        sleep(pause)
        tried += 1
        retry
      end
    end

    def answer(request, deadline)
      checked(send_kept(request, deadline) || send_on(Connection.to(@url), request, deadline))
    end

    def checked(response)
      raise InvalidResponse, "#{self}: answered in an encoding that was not asked for" if response["Content-Encoding"]

      response.body&.force_encoding(Encoding::UTF_8)
      about = { status: response.code.to_i, request_id: response["X-Request-Id"] }
      case about[:status]
      when 200 then response
      when 400.. then raise ApiError.from(problem(response), server: self, **about, retry_after: retry_after(response))
      else raise InvalidResponse.new("#{self}: answered #{about[:status]}; redirects are not followed", **about)
      end
    end

    # Without the key: a server may quote it, and errors end up in logs.
    def problem(response)
      text = response.body.to_s.scrub
      JSON.parse(@key ? text.gsub(@key, "***") : text)
    rescue JSON::ParserError
      nil # something on the way that does not speak our language
    end

    # Seconds, or a date (RFC 9110, 10.2.3).
    def retry_after(response)
      asked = response["Retry-After"].to_s
      asked.match?(/\A\d+\z/) ? asked.to_f : [Time.httpdate(asked) - Time.now, 0.0].max
    rescue ArgumentError
      nil
    end

    # nil if there is no kept connection, or if it fails: most likely the server had closed it, and that costs no retry.
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
    rescue Meter::TooMuch
      raise ResponseTooLarge, "#{self}: the answer is longer than #{@limits[:limit]} bytes"
    rescue Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError
      raise InvalidResponse, "#{self}: answered something that is not HTTP"
    rescue SystemCallError, SocketError, IOError, *tls_errors => e
      raise ConnectionFailed, "#{self}: #{e.message}"
    ensure
      connection.finish if !kept && connection.started?
    end

    # A connection is out of this list while a call uses it, so threads and interrupted calls never share one. A forked
    # child leaves its parent's connections alone: it may not even say goodbye on them.
    def idle
      @idle = [] unless @process == Process.pid
      @process = Process.pid
      @idle
    end

    def tls_errors = defined?(OpenSSL::SSL::SSLError) ? [OpenSSL::SSL::SSLError] : []
  end
end

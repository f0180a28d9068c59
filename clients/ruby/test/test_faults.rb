# frozen_string_literal: true

require "minitest/autorun"
require "mergepoint"
require "fault_server"

# What the client does when the server, or the way to it, does not do its part.
class TestFaults < Minitest::Test
  OK = FaultServer.ok("fine\n")
  LIMIT = 1000

  def test_429_and_503_are_tried_again
    { 429 => "rate_limited", 503 => "overloaded" }.each do |status, code|
      assert_equal 2, requests_until_fine(FaultServer.problem(status, code))
    end
  end

  def test_other_errors_are_final
    [400, 401, 404, 408, 413, 422, 500, 502, 504].each do |status|
      FaultServer.run(FaultServer.problem(status, "no"), OK) do |server, client|
        assert_raises(Mergepoint::ApiError) { client.highlight("1") }
        assert_equal 1, server.requests.size
      end
    end
  end

  def test_retries_have_an_end
    FaultServer.run(FaultServer.problem(503, "overloaded")) do |server|
      assert_raises(Mergepoint::Unavailable) { client(server, retries: 2).highlight("1") }
      assert_equal 3, server.requests.size
    end
  end

  def test_retry_after_in_seconds_is_waited_for
    took = seconds { requests_until_fine(FaultServer.problem(503, "overloaded", { "Retry-After" => "1" })) }

    assert_includes 1.0..2.0, took
  end

  def test_retry_after_as_a_date_is_waited_for
    date = (Time.now + 2).httpdate # whole seconds, so one or two from now
    took = seconds { requests_until_fine(FaultServer.problem(429, "rate_limited", { "Retry-After" => date })) }

    assert_includes 0.9..2.5, took
  end

  def test_a_retry_after_past_the_deadline_is_reported_at_once
    ["60", (Time.now + 60).httpdate, "9" * 30].each do |later|
      FaultServer.run(FaultServer.problem(429, "rate_limited", { "Retry-After" => later })) do |server, client|
        error = nil
        took = seconds { error = assert_raises(Mergepoint::RateLimited) { client.highlight("1") } }

        assert_operator error.retry_after, :>, 50
        assert_operator took, :<, 1
        assert_equal 1, server.requests.size
      end
    end
  end

  def test_a_retry_after_that_makes_no_sense_is_ignored
    ["soon", "-5", "", "1e3", "Thu, 32 Foo"].each do |nonsense|
      assert_equal 2, requests_until_fine(FaultServer.problem(503, "no", { "Retry-After" => nonsense }))
    end
  end

  def test_a_reset_is_tried_again
    reset = lambda do |socket, _|
      socket.setsockopt(Socket::SOL_SOCKET, Socket::SO_LINGER, [1, 0].pack("ii"))
    end

    assert_equal 2, requests_until_fine(reset)
  end

  def test_a_connection_closed_without_an_answer_is_tried_again
    assert_equal 2, requests_until_fine(->(_, _) {})
  end

  def test_a_body_that_ends_early_is_tried_again
    chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n",
     "HTTP/1.1 200 OK\r\n\r\nno length", "#{chunked}5\r\nsho", "#{chunked}5\r\nshort\r\n", "#{chunked}5"].each do |cut|
      assert_equal 2, requests_until_fine(->(socket, _) { socket.write(cut) }), cut
    end
  end

  def test_a_body_that_always_ends_early_is_a_failed_connection
    cut = ->(socket, _) { socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort") }
    FaultServer.run(cut) do |server|
      error = assert_raises(Mergepoint::ConnectionFailed) { client(server, retries: 1).highlight("1") }

      refute_kind_of Mergepoint::Timeout, error
      assert_equal 2, server.requests.size
    end
  end

  def test_what_is_not_http_is_an_invalid_response
    ["SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
     "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"].each do |garbage|
      FaultServer.run(->(socket, _) { socket.write(garbage) }) do |server, client|
        assert_raises(Mergepoint::InvalidResponse) { client.highlight("1") }
        assert_equal 1, server.requests.size
      end
    end
  end

  def test_a_dead_port_is_a_failed_connection
    port = TCPServer.open("127.0.0.1", 0) { _1.addr[1] }
    error = assert_raises(Mergepoint::ConnectionFailed) { Mergepoint::Client.new("http://127.0.0.1:#{port}").styles }

    assert_match(/\Ahttp:.*refused/, error.message)
    assert_equal [nil, "connection_failed"], [error.status, error.code]
  end

  def test_a_server_that_does_not_accept_times_out
    full = Socket.tcp_server_sockets("127.0.0.1", 0).first.tap { |listener| listener.listen(0) }
    address = full.local_address
    filling = Array.new(3) { Socket.new(:INET, :STREAM).tap { _1.connect_nonblock(address, exception: false) } }
    client = Mergepoint::Client.new("http://127.0.0.1:#{address.ip_port}", connect_timeout: 0.2, retries: 1)
    took = seconds { assert_raises(Mergepoint::Timeout) { client.styles } }

    assert_includes 0.4..1.5, took # both attempts to connect
  ensure
    [full, *filling].compact.each(&:close)
  end

  # Each trickles for ever: one byte at a time, so that no single read takes long.
  {
    nothing: ["", ""], status_line: ["", "H"], headers: ["HTTP/1.1 200 OK\r\n", "A"],
    interim_answers: ["", "HTTP/1.1 100 Continue\r\n\r\n"],
    body: ["HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", "x"],
    chunk_size: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"],
    trailers: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "a: b\r\n"]
  }.each do |name, (start, again)|
    define_method(:"test_a_trickle_of_#{name}_ends_at_the_deadline") do
      trickle = lambda do |socket, _|
        socket.write(start)
        200.times { socket.write(again) && sleep(0.02) }
      end
      FaultServer.run(trickle) do |server|
        took = seconds { assert_raises(Mergepoint::Timeout) { client(server, timeout: 0.3).highlight("1") } }

        assert_includes 0.25..0.8, took
        assert_equal 1, server.requests.size
      end
    end
  end

  def test_a_server_that_does_not_read_ends_at_the_deadline
    listener = TCPServer.new("127.0.0.1", 0)
    client = Mergepoint::Client.new("http://127.0.0.1:#{listener.addr[1]}", timeout: 0.3)
    took = seconds { assert_raises(Mergepoint::Timeout) { client.highlight("x" * 20_000_000) } }

    assert_operator took, :<, 1.5
  ensure
    listener&.close
  end

  def test_the_deadline_is_for_all_attempts_together
    slow = ->(socket, _) { sleep(0.1) && socket.write(FaultServer.problem(503, "overloaded")) }
    FaultServer.run(slow) do |server|
      took = seconds { assert_raises(Mergepoint::Error) { client(server, timeout: 0.5, retries: 1000).highlight("1") } }

      assert_operator took, :<, 0.9
    end
  end

  def test_an_answer_of_the_largest_size_is_taken
    FaultServer.run(FaultServer.ok("x" * LIMIT)) do |server|
      assert_equal LIMIT, client(server, max_response_bytes: LIMIT).highlight("1").size
    end
  end

  # Each sends more than it may, most of them for ever.
  {
    honest_length: FaultServer.ok("x" * (LIMIT + 1)),
    endless_length: ["HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x"],
    endless_chunk: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", "x"],
    endless_chunks: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"],
    endless_chunk_size: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"],
    endless_header: ["HTTP/1.1 200 OK\r\nA: ", "x"],
    endless_headers: ["HTTP/1.1 200 OK\r\n", "A: b\r\n"],
    endless_error: ["HTTP/1.1 503 No\r\n\r\n", "x"]
  }.each do |name, answer|
    define_method(:"test_too_large_with_#{name}") do
      start, again = answer
      flood = lambda do |socket, _|
        socket.write(start)
        loop { socket.write(again * 10_000) }
      end
      FaultServer.run(again ? flood : answer) do |server|
        assert_raises(Mergepoint::ResponseTooLarge) { client(server, max_response_bytes: LIMIT).highlight("1") }
        assert_equal 1, server.requests.size
      end
    end
  end

  private

  def client(server, **settings) = Mergepoint::Client.new(server.url, **settings)

  # How many requests it takes until one is answered.
  def requests_until_fine(fault)
    FaultServer.run(fault, OK) do |server, client|
      assert_equal "fine\n", client.highlight("1")
      return server.requests.size
    end
  end

  def seconds
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - start
  end
end

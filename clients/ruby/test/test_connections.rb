# frozen_string_literal: true

require "minitest/autorun"
require "timeout"
require "mergepoint"
require "fault_server"

# Connections are kept, never shared, and never trusted for long.
class TestConnections < Minitest::Test
  ECHO = lambda do |socket, request| # answers with what it was sent, and waits for more
    loop do
      socket.write(FaultServer.ok(request.body))
      head = socket.gets("\r\n\r\n") or break
      request.body = socket.read(head[/content-length: (\d+)/i, 1].to_i)
    end
  end

  def test_one_connection_serves_many_calls
    FaultServer.run(FaultServer.ok) do |server, client|
      5.times { client.highlight("1") }

      assert_equal [5, 1], [server.requests.size, server.connections]
    end
  end

  def test_an_error_of_the_service_keeps_the_connection
    FaultServer.run(FaultServer.problem(422, "no"), FaultServer.ok) do |server, client|
      assert_raises(Mergepoint::InvalidRequest) { client.highlight("1") }
      client.highlight("1")

      assert_equal 1, server.connections
    end
  end

  def test_a_connection_that_the_server_has_closed_costs_no_retry
    closing = ->(socket, _) { socket.write(FaultServer.ok) }
    FaultServer.run(closing) do |server|
      client = Mergepoint::Client.new(server.url, retries: 0)
      3.times { client.highlight("1") }

      assert_equal [3, 3], [server.requests.size, server.connections]
    end
  end

  def test_a_connection_that_closes_under_the_next_request_costs_no_retry
    FaultServer.run(FaultServer.ok, ->(*) {}, FaultServer.ok) do |server|
      client = Mergepoint::Client.new(server.url, retries: 0)
      2.times { client.highlight("1") }

      assert_equal [3, 2], [server.requests.size, server.connections]
    end
  end

  def test_what_comes_after_an_answer_is_not_the_next_answer
    FaultServer.run("#{FaultServer.ok("first")}and more", FaultServer.ok("second")) do |_, client|
      assert_equal "first", client.highlight("1")
      assert_equal "second", client.highlight("2")
    end
  end

  def test_connection_close_is_obeyed
    FaultServer.run(FaultServer.ok("x", "Connection" => "close")) do |server, client|
      2.times { client.highlight("1") }

      assert_equal 2, server.connections
    end
  end

  def test_threads_never_get_the_answers_of_others
    FaultServer.run(ECHO) do |_, client|
      wrong = Array.new(20) do |number|
        Thread.new { Array.new(50) { |turn| "#{number} #{turn}" }.reject { |text| client.highlight(text) == text } }
      end.flat_map(&:value)

      assert_empty wrong
    end
  end

  def test_a_fork_leaves_the_connections_of_its_parent_alone
    FaultServer.run(ECHO) do |_, client|
      client.highlight("before")
      reader, writer = IO.pipe
      child = fork do
        writer.write(Array.new(50) { |turn| client.highlight("child #{turn}") == "child #{turn}" }.all?)
        writer.close
        exit!(0)
      end
      writer.close

      assert(Array.new(50) { |turn| client.highlight("parent #{turn}") == "parent #{turn}" }.all?)
      assert_equal "true", reader.read
      Process.wait(child)
      assert_equal "after", client.highlight("after")
    end
  end

  # Timeout, as used by job runners and web servers, interrupts anywhere.
  def test_an_interrupted_call_leaves_nothing_to_the_next_one
    slow = lambda do |socket, request|
      sleep(0.2) if request.body == "slow"
      ECHO.call(socket, request)
    end
    FaultServer.run(slow) do |_, client|
      assert_raises(::Timeout::Error) { ::Timeout.timeout(0.1) { client.highlight("slow") } }
      assert_equal "next", client.highlight("next")
    end
  end

  def test_no_connection_is_left_open_after_a_failure
    ends = Queue.new
    garbage = ->(socket, _) { socket.write("garbage\r\n\r\n") && ends.push(socket.read) }
    FaultServer.run(garbage) do |_, client|
      assert_raises(Mergepoint::InvalidResponse) { client.highlight("1") }
      assert_equal "", ::Timeout.timeout(1) { ends.pop }
    end
  end

  def test_closing_closes_the_idle_connections_only
    FaultServer.run(FaultServer.ok("x")) do |server, client|
      2.times { assert_equal "x", client.highlight("1") and client.close }

      assert_equal 2, server.connections
    end
  end

  def test_the_environment_does_not_change_where_calls_go
    ENV["http_proxy"] = "http://192.0.2.1:1"
    FaultServer.run(FaultServer.ok("x")) do |server|
      assert_equal "x", Mergepoint::Client.new(server.url.sub("127.0.0.1", "localhost")).highlight("1")
    end
  ensure
    ENV.delete("http_proxy")
  end
end

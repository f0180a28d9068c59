# frozen_string_literal: true

require "minitest/autorun"
require "mergepoint"
require "fault_server"

# One tree of errors, each saying where it comes from.
class TestErrors < Minitest::Test
  def test_a_problem_becomes_an_error_with_its_facts
    errors = [{ "field" => "language", "message" => "no" }]
    error = raised(FaultServer.problem(422, "unknown_language", errors:, request_id: "r1"))

    assert_instance_of Mergepoint::UnknownLanguage, error
    assert_equal ["unknown_language", 422, "r1", errors], [error.code, error.status, error.request_id, error.errors]
    assert_match(%r{\Ahttp://127.0.0.1:\d+: it is so \(422 unknown_language\)\z}, error.message)
  end

  def test_each_status_has_its_class
    { 400 => :InvalidRequest, 401 => :Unauthorized, 403 => :Forbidden, 404 => :NotFound, 413 => :BodyTooLarge,
      418 => :InvalidRequest, 429 => :RateLimited, 500 => :ServerError, 502 => :ServerError,
      503 => :Unavailable }.each do |status, name|
      error = raised(FaultServer.problem(status, "a_code_of_tomorrow"))

      assert_instance_of Mergepoint.const_get(name), error
      assert_equal [status, "a_code_of_tomorrow", "from-header"], [error.status, error.code, error.request_id]
    end
  end

  def test_everything_is_an_error_of_the_tree
    kinds = Mergepoint.constants.map { Mergepoint.const_get(_1) }.select { _1.is_a?(Class) && _1 <= Exception }

    assert_equal 15, kinds.size
    assert(kinds.all? { _1 <= Mergepoint::Error })
    assert_equal "connection_failed", Mergepoint::ConnectionFailed.new.code
  end

  def test_an_error_page_of_somebody_else_is_an_error_all_the_same
    bodies = ["<h1>Bad Gateway</h1>", "", "[1]", "null", "{\"detail\": 7, \"errors\": {\"a\": 1}}", "{", "\xFF"]
    bodies.each do |body|
      error = raised(FaultServer.answer(502, body))

      assert_instance_of Mergepoint::ServerError, error
      assert_equal ["server_error", 502, []], [error.code, error.status, error.errors.grep_v(Hash)]
    end
  end

  def test_bad_json_is_an_invalid_response
    ["{", "", "[]", "null", "{\"styles\": 1}", "{\"styles\": [1]}", "{}"].each do |body|
      FaultServer.run(FaultServer.answer(200, body)) do |_, client|
        assert_raises(Mergepoint::InvalidResponse) { client.styles }
      end
    end
  end

  def test_text_that_is_not_utf8_is_an_invalid_response
    assert_instance_of Mergepoint::InvalidResponse, raised(FaultServer.ok("\xFF"))
  end

  def test_a_redirect_is_not_followed
    [301, 302, 307, 308].each do |status|
      FaultServer.run(FaultServer.answer(status, "", "Location" => "/elsewhere")) do |server, client|
        error = assert_raises(Mergepoint::InvalidResponse) { client.highlight("1") }

        assert_equal [status, 1], [error.status, server.requests.size]
      end
    end
  end

  def test_an_answer_without_content_is_an_invalid_response
    assert_equal 204, raised("HTTP/1.1 204 No Content\r\n\r\n").status
  end

  def test_the_api_key_is_sent_and_shown_to_nobody_else
    FaultServer.run(FaultServer.problem(401, "unauthorized", detail: "who is s3cret?")) do |server|
      client = Mergepoint::Client.new(server.url, api_key: "s3cret")
      error = assert_raises(Mergepoint::Unauthorized) { client.highlight("1") }

      assert_equal "Bearer s3cret", server.requests.first.headers["authorization"]
      refute_includes [client.inspect, client.to_s, error.full_message, error.inspect].join, "s3cret"
      assert_match(/who is \*{3}\?/, error.message)
    end
  end

  def test_an_api_key_cannot_bring_a_header_of_its_own
    ["a\r\nX: y", "a\n", "", "a b", "é", "a\0"].each do |api_key|
      error = assert_raises(ArgumentError) { Mergepoint::Client.new(api_key:) }

      refute_includes error.message, "X: y"
    end
  end

  def test_only_plain_urls_are_accepted
    ["ftp://host", "localhost:8080", "http://", "http://user:s3cret@host", "http://host/?a=b", "http://host/#a", "",
     "http://ho st:s3cret", "file:///etc/passwd", "http://host\r\n"].each do |url|
      error = assert_raises(ArgumentError, url) { Mergepoint::Client.new(url) }

      refute_includes error.full_message, "s3cret"
    end
    ["http://[::1]:8080", "https://example.com/prefix/", "HTTP://HOST"].each { Mergepoint::Client.new(_1) }
  end

  private

  def raised(answer)
    FaultServer.run(answer) do |server|
      return assert_raises(Mergepoint::Error) { Mergepoint::Client.new(server.url, retries: 0).highlight("1") }
    end
  end
end

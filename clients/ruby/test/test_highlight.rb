# frozen_string_literal: true

require "minitest/autorun"
require "mergepoint"
require "fault_server"

# What goes over the wire, and what its answers turn into.
class TestHighlight < Minitest::Test
  def test_the_text_is_the_body_and_the_options_are_the_query
    request, = highlight("é = 1", language: "c++", hl_lines: [3, 5..7], nowrap: true, page: false, style: nil)

    assert_equal "POST", request.verb
    assert_equal "/highlight?language=c%2B%2B&hl_lines=3%2C5-7&nowrap=1&page=0", request.target
    assert_equal "é = 1".b, request.body
    assert_equal "text/plain; charset=utf-8", request.headers["content-type"]
    assert_equal ["*/*", "identity"], request.headers.values_at("accept", "accept-encoding")
  end

  def test_without_options_there_is_no_query
    assert_equal "/highlight", highlight("").first.target
  end

  def test_a_prefix_of_the_url_is_kept
    FaultServer.run(FaultServer.ok) do |server|
      Mergepoint::Client.new("#{server.url}/tools/").highlight("1")

      assert_equal "/tools/highlight", server.requests.first.target
    end
  end

  def test_the_answer_is_the_text
    _, answer = highlight("1", body: "<b>é</b>\n")

    assert_kind_of String, answer
    assert_equal "<b>é</b>\n", answer
    assert_equal [Encoding::UTF_8, true], [answer.encoding, answer.frozen?]
  end

  def test_the_answer_knows_what_the_service_said
    _, answer = highlight("1", headers: { "Cache-Status" => "cdn; fwd=miss, mergepoint; hit", "X-Request-Id" => "r1" })

    assert_equal "text/html; charset=utf-8", answer.type
    assert_equal ["ruby", nil, "r1"], [answer.language, answer.degraded, answer.request_id]
    assert_predicate answer, :cached?
    refute_predicate answer, :plaintext?
  end

  def test_a_degraded_answer_says_why
    _, answer = highlight("1", headers: { "Mergepoint-Degraded" => "deadline", "Mergepoint-Plaintext" => "1",
                                          "Cache-Status" => "mergepoint; fwd=miss; detail=hit" })

    assert_equal "deadline", answer.degraded
    assert answer.plaintext
    refute answer.cached
  end

  def test_a_picture_is_binary
    _, answer = highlight("1", body: "\x89PNG\xFF", headers: { "Content-Type" => "image/png" })

    assert_equal ["\x89PNG\xFF".b, Encoding::BINARY], [answer, answer.encoding]
  end

  def test_text_in_another_encoding_is_sent_as_utf8
    assert_equal "é".b, highlight("é".encode("ISO-8859-1")).first.body
    assert_equal "é".b, highlight("é".encode("UTF-16LE")).first.body
  end

  def test_bytes_without_a_name_are_utf8
    assert_equal "é".b, highlight("é".b).first.body
    assert_equal "é".b, highlight("é".dup.force_encoding("US-ASCII")).first.body
  end

  def test_what_is_not_utf8_is_not_sent
    FaultServer.run(FaultServer.ok) do |server, client|
      ["\xFF", "\xFF".b, "\xED\xA0\x80", "\x00\xD8".dup.force_encoding("UTF-16LE")].each do |text|
        error = assert_raises(Mergepoint::InvalidRequest) { client.highlight(text) }

        assert_equal ["invalid_encoding", nil, "code"], [error.code, error.status, error.errors.first["field"]]
      end
      assert_empty server.requests
    end
  end

  def test_only_text_can_be_highlighted
    assert_raises(NoMethodError) { Mergepoint::Client.new.highlight(nil) }
  end

  def test_lists_come_without_their_wrapping
    { languages: "languages", formats: "formats", styles: "styles" }.each do |call, name|
      FaultServer.run(FaultServer.json({ name => [{ "name" => "x" }] })) do |server, client|
        assert_equal [{ "name" => "x" }], client.public_send(call)
        assert_equal ["GET", "/highlight/#{name}"], server.requests.first.to_a.take(2)
      end
    end
  end

  def test_guess_returns_the_candidates
    FaultServer.run(FaultServer.json({ candidates: [{ language: "ruby", score: 0.5 }] })) do |server, client|
      assert_equal "ruby", client.guess("puts 1", filename: "a b.rb", limit: 1).first["language"]
      assert_equal "/highlight/guess?filename=a+b.rb&limit=1", server.requests.first.target
      assert_equal "puts 1", server.requests.first.body
    end
  end

  def test_a_style_sheet_by_name
    FaultServer.run(FaultServer.answer(200, ".é {}", "Content-Type" => "text/css; charset=utf-8")) do |server, client|
      assert_equal ".é {}", client.stylesheet("a/b c", dark: "monokai")
      assert_equal "/highlight/styles/a%2Fb%20c.css?dark=monokai", server.requests.first.target
    end
  end

  def test_a_batch_returns_texts_and_errors
    results = [
      { status: 200, type: "text/html; charset=utf-8", body: "<é>", language: "ruby", plaintext: false },
      { status: 422, problem: { code: "unknown_language", detail: "no klingon", errors: [{ field: "x" }] } },
      { status: 200, type: "image/png", body: ["\x89PNG".b].pack("m0"), encoding: "base64", language: "c" }
    ]
    FaultServer.run(FaultServer.json({ results: })) do |server, client|
      html, error, png = client.batch([{ code: "é".encode("ISO-8859-1"), hl_lines: [1, 2] },
                                       { code: "x", language: "klingon" }, { code: "x", page: true }])

      assert_equal ["<é>", "ruby", false], [html, html.language, html.plaintext?]
      assert_instance_of Mergepoint::UnknownLanguage, error
      assert_equal [422, "unknown_language", [{ "field" => "x" }]], [error.status, error.code, error.errors]
      assert_equal ["\x89PNG".b, Encoding::BINARY], [png, png.encoding]
      assert_equal({ "snippets" => [{ "code" => "é", "hl_lines" => "1,2" }, { "code" => "x", "language" => "klingon" },
                                    { "code" => "x", "page" => true }] }, JSON.parse(server.requests.first.body))
    end
  end

  def test_a_batch_that_answers_too_little_is_refused
    FaultServer.run(FaultServer.json({ results: [] })) do |_, client|
      assert_raises(Mergepoint::InvalidResponse) { client.batch([{ code: "x" }]) }
    end
  end

  def test_a_batch_of_something_else_is_refused
    [{}, { status: "200" }, { status: 200 }, { status: 200, body: 1, type: "a" }, { status: nil }].each do |result|
      FaultServer.run(FaultServer.json({ results: [result] })) do |_, client|
        assert_raises(Mergepoint::InvalidResponse) { client.batch([{ code: "x" }]) }
      end
    end
  end

  def test_ranges_and_lists_mean_lines_as_they_do_in_ruby
    { 5..7 => "5-7", 5...7 => "5-6", (5..) => "5-999999999", (..7) => "1-7", 5..5 => "5-5", 5...5 => "", 3 => "3",
      [1, 3..4, 6...9] => "1,3-4,6-8", [] => "", Set[2, 3] => "2,3", (1..7).step(3) => "1,4,7", "1 3" => "1 3",
      [5...5, 1] => "1" }.each do |given, sent|
      request, = highlight("x", hl_lines: given)

      assert_equal({ "hl_lines" => sent }, URI.decode_www_form(request.target.partition("?").last).to_h, given.inspect)
    end
  end

  def test_marks_are_a_hash
    request, = highlight("x", marks: { add: 3, del: [5, 7..8], focus: 9...13, error: "7" })

    assert_equal "/highlight?marks=add%3A3%2Cdel%3A5%2C7-8%2Cfocus%3A9-12%2Cerror%3A7", request.target
  end

  def test_options_are_utf8_too
    assert_equal "/highlight?title=%C3%A9", highlight("1", title: "é".encode("ISO-8859-1")).first.target
    error = assert_raises(Mergepoint::InvalidRequest) { Mergepoint::Client.new.batch([{ code: "1", title: "\xFF" }]) }

    assert_match(/title/, error.message)
  end

  private

  def highlight(text, body: "<div></div>\n", headers: {}, **options)
    FaultServer.run(FaultServer.ok(body, headers)) do |server, client|
      answer = client.highlight(text, **options)
      return server.requests.first, answer
    end
  end
end

# frozen_string_literal: true

require "minitest/autorun"
require "mergepoint"
require "fault_server"

# What goes over the wire when documents are compared, and what its answers turn into.
class TestHtmldiff < Minitest::Test
  DIFF = { html: "<ins>é</ins>", changes: [{ id: 1, kind: "inserted" }], counts: { inserted: 1 },
           granularity: "block", degraded: "deadline" }.freeze

  def test_two_documents_are_json
    FaultServer.run(FaultServer.json(DIFF)) do |server, client|
      client.htmldiff("é".encode("ISO-8859-1"), "<b>é".b, ignore: %w[case comments], moved: true, view: nil)
      request, = server.requests

      assert_equal ["POST", "/htmldiff", "application/json"],
                   [request.verb, request.target, request.headers["content-type"]]
      assert_equal({ "old" => "é", "new" => "<b>é", "ignore" => "case,comments", "moved" => true, "format" => "json" },
                   JSON.parse(request.body.dup.force_encoding("UTF-8")))
    end
  end

  def test_the_answer_is_html_that_knows_the_changes
    FaultServer.run(FaultServer.json(DIFF, "X-Request-Id" => "r1", "Cache-Status" => "mergepoint; hit")) do |_, client|
      diff = client.htmldiff("a", "b")

      assert_kind_of String, diff
      assert_equal ["<ins>é</ins>", Encoding::UTF_8, true], [diff, diff.encoding, diff.frozen?]
      assert_equal [[{ "id" => 1, "kind" => "inserted" }], { "inserted" => 1 }], [diff.changes, diff.counts]
      assert_equal ["block", "deadline", "r1", true], [diff.granularity, diff.degraded, diff.request_id, diff.cached?]
    end
  end

  def test_changes_are_applied_by_their_numbers
    FaultServer.run(FaultServer.ok("<p>é")) do |server, client|
      assert_equal "<p>é", client.apply("a", "b", accept: [1, 3])
      assert_equal "/htmldiff/apply", server.requests.first.target
      assert_equal({ "old" => "a", "new" => "b", "accept" => "1,3" }, JSON.parse(server.requests.first.body))
    end
  end

  def test_versions_are_annotated
    answer = { html: "<span>b</span>", parts: [{ label: "2", text: "b" }], granularity: "word", degraded: nil }
    FaultServer.run(FaultServer.json(answer)) do |server, client|
      annotated = client.annotate([{ label: "1", html: "a" }, { label: "2", html: "b" }], granularity: "block")

      assert_equal ["<span>b</span>", [{ "label" => "2", "text" => "b" }], nil],
                   [annotated, annotated.parts, annotated.degraded]
      assert_equal({ "versions" => [{ "label" => "1", "html" => "a" }, { "label" => "2", "html" => "b" }],
                     "granularity" => "block", "format" => "json" }, JSON.parse(server.requests.first.body))
    end
  end

  def test_what_tells_no_changes_is_no_answer
    [[], {}, nil, { html: 1 }, { html: "x" }, { **DIFF, html: nil }].each do |answer|
      FaultServer.run(FaultServer.json(answer)) do |_, client|
        assert_raises(Mergepoint::InvalidResponse) { client.htmldiff("a", "b") }
      end
    end
  end

  def test_what_is_not_utf8_is_not_sent
    FaultServer.run(FaultServer.ok) do |server, client|
      error = assert_raises(Mergepoint::InvalidRequest) { client.htmldiff("\xFF", "") }

      assert_equal "old", error.errors.first["field"]
      assert_raises(Mergepoint::InvalidRequest) { client.annotate([{ label: "x", html: "\xFF" }]) }
      assert_empty server.requests
    end
  end
end

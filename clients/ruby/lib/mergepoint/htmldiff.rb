# frozen_string_literal: true

module Mergepoint
  # HTML made of other HTML: a frozen String, ready for a page, with what the service said about it.
  class HtmlResult < String
    # *granularity* is the smallest unit that was compared; *degraded* is nil, or says why it is coarser than asked for.
    attr_reader :granularity, :degraded, :request_id

    def initialize(answer, cached: false, request_id: nil)
      super(answer.fetch("html"))
      @granularity = answer.fetch("granularity")
      @degraded = answer["degraded"]
      @cached = cached
      @request_id = request_id
      freeze
    end

    # Did the answer come from nginx's cache?
    def cached? = @cached
    alias cached cached?
  end

  # What changed between two documents.
  class Diff < HtmlResult
    # *changes* are hashes of "id", "kind", "path", "old" and "new"; *counts* says how many there are of each kind.
    attr_reader :changes, :counts

    def initialize(answer, **about)
      @changes, @counts = %w[changes counts].map { answer.fetch(_1) }
      super
    end
  end

  # A document whose parts are marked with the version that they came from.
  class Annotated < HtmlResult
    # Hashes of "label" and "text", in order.
    attr_reader :parts

    def initialize(answer, **about)
      @parts = answer.fetch("parts")
      super
    end
  end
end

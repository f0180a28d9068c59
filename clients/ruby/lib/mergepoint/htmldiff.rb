# frozen_string_literal: true

module Mergepoint
  # HTML about other HTML: a frozen String, ready for a page, that also knows what the service said beside it.
  class Told < String
    # *granularity* is what changes as one at most; *degraded* is nil, or says why that is coarser than asked for.
    attr_reader :granularity, :degraded, :request_id

    def initialize(answer, cached: false, request_id: nil)
      super(answer.fetch("html"))
      @granularity = answer.fetch("granularity")
      @degraded = answer["degraded"]
      @cached = cached
      @request_id = request_id
      freeze
    end

    # Did nginx know the answer already?
    def cached? = @cached
    alias cached cached?
  end

  # What changed between two documents.
  class Diff < Told
    # *changes* are hashes of "id", "kind", "path", "old" and "new"; *counts* says how many there are of each kind.
    attr_reader :changes, :counts

    def initialize(answer, **about)
      @changes, @counts = %w[changes counts].map { answer.fetch(_1) }
      super
    end
  end

  # A document that says where its parts came from.
  class Annotated < Told
    # Hashes of "label" and "text", in order.
    attr_reader :parts

    def initialize(answer, **about)
      @parts = answer.fetch("parts")
      super
    end
  end
end

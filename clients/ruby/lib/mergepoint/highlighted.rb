# frozen_string_literal: true

module Mergepoint
  # Highlighted code: a frozen String, ready for a page, with what the service said about it. A PNG is one too, in
  # binary encoding.
  class Highlighted < String
    # *type* is the content type, *language* the first alias of the language used. *degraded* is nil, or
    # "deadline" if this is less than was asked for.
    attr_reader :type, :language, :degraded, :request_id

    def initialize(body, type:, language: nil, plaintext: false, degraded: nil, cached: false, request_id: nil)
      super(body)
      force_encoding(type.start_with?("image/png") ? Encoding::BINARY : Encoding::UTF_8)
      @type = type
      @language = language
      @plaintext = plaintext
      @degraded = degraded
      @cached = cached
      @request_id = request_id
      freeze
    end

    # Was the text passed through unhighlighted?
    def plaintext? = @plaintext
    alias plaintext plaintext?

    # Did the answer come from nginx's cache?
    def cached? = @cached
    alias cached cached?
  end
end

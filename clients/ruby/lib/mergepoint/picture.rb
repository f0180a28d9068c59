# frozen_string_literal: true

module Mergepoint
  # A picture: a frozen String in binary encoding with its size and that of its source.
  class Picture < String
    attr_reader :type, :width, :height, :origin_width, :origin_height, :degraded, :request_id

    # *degraded* is "truncated" if the source is damaged and pixels are missing.
    def initialize(body, type:, width: 0, height: 0, origin_width: 0, origin_height: 0, degraded: nil, cached: false,
                   request_id: nil)
      super(body)
      force_encoding(Encoding::BINARY)
      @type = type
      @width = width
      @height = height
      @origin_width = origin_width
      @origin_height = origin_height
      @degraded = degraded
      @cached = cached
      @request_id = request_id
      freeze
    end

    # Did the answer come from nginx's cache?
    def cached? = @cached
    alias cached cached?
  end
end

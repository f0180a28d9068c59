# frozen_string_literal: true

require "json"

module Mergepoint
  # The pictures of a set, by their names: a frozen Hash with the HTML to choose among them.
  class Thumbnails < Hash
    # *files* are hashes of "name", "type", "width", "height" and "bytes"; *srcset* is by media type; *html* is a
    # <picture>.
    attr_reader :files, :srcset, :html, :request_id

    # *parts* is the body of a multipart/mixed answer, the manifest first.
    def self.read(parts, type, **about)
      boundary = type[/boundary="?([^";]+)/, 1] or raise ArgumentError, "no boundary"
      bodies = parts.b.split("--#{boundary}").map { |part| part.split("\r\n\r\n", 2)[1]&.delete_suffix("\r\n") }.compact
      new(JSON.parse(bodies.shift), bodies, **about)
    end

    def initialize(manifest, bodies, cached: false, request_id: nil)
      super()
      @files, @srcset, @html = manifest.fetch("files"), manifest.fetch("srcset"), manifest.fetch("html")
      raise ArgumentError, "the number of pictures is not that of files" unless bodies.size == @files.size

      @files.zip(bodies) { |file, body| self[file.fetch("name")] = body.freeze }
      @cached = cached
      @request_id = request_id
      freeze
    end

    # Did the answer come from nginx's cache?
    def cached? = @cached
    alias cached cached?
  end
end

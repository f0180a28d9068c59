# frozen_string_literal: true

require "json"

module Mergepoint
  # One method for each call of the service. Make a client once and keep it, as it keeps its connections:
  #
  #   client = Mergepoint::Client.new
  #   puts client.highlight(File.read("app.rb"), language: "ruby")
  class Client
    TEXT = "text/plain; charset=utf-8"

    # *timeout* is for a whole call, retries included; *connect_timeout* for each attempt to connect; both in seconds.
    # *url_key* and *url_salt*, in hexadecimal, sign the URLs of #thumbnail_url.
    def initialize(url = "http://localhost:8080", api_key: nil, connect_timeout: 2, timeout: 10, retries: 3,
                   max_response_bytes: 32 * 1024 * 1024, url_key: nil, url_salt: "")
      @links = Links.new(url_key, url_salt)
      @server = Server.new(url, api_key:, connect_timeout:, timeout:, retries:, max_response_bytes:)
    end

    def inspect = "#<#{self.class} #{@server}>"

    # Returns *code* as Highlighted. The options are the service's: true means 1, nil is left out, and
    # `hl_lines: [3, 5..7]` means 3,5-7; `marks: { add: 3, focus: 9..12 }` means add:3,focus:9-12.
    def highlight(code, language: nil, **options)
      make(:post, "/highlight", utf8(code, "code"), TEXT, query(language:, **options)) { read_highlighted(_1) }
    end

    # Takes up to a hundred hashes of `code:` and the options of #highlight. Returns for each a Highlighted, or an
    # ApiError that is not raised: one bad snippet does not spoil the others.
    def batch(snippets)
      snippets = snippets.map { |snippet| spell({ **snippet, code: utf8(snippet.fetch(:code), "code") }) }
      send_json("/highlight/batch", snippets:) { |response| read_batch(response, snippets.size) }
    end

    # Which language is it? Returns the candidates, best first: hashes of "language", "name" and "score".
    def guess(code, **options)
      make(:post, "/highlight/guess", utf8(code, "code"), TEXT, query(options)) { list(_1, "candidates") }
    end

    # Hashes of "name", "aliases", "filenames" and "mimetypes".
    def languages = make(:get, "/highlight/languages") { list(_1, "languages") }

    # Hashes of "name", "type" and "extension".
    def formats = make(:get, "/highlight/formats") { list(_1, "formats") }

    # Hashes of "name", "background" and "dark".
    def styles = make(:get, "/highlight/styles") { list(_1, "styles") }

    # Returns the CSS of a style, which `css: "classes"` needs; with *dark*, it follows the reader's preference. The
    # other options are the service's: `scope: "post"`.
    def stylesheet(name, dark: nil, **options)
      name = URI.encode_www_form_component(utf8(name, "name")).gsub("+", "%20")
      make(:get, "/highlight/styles/#{name}.css", query(dark:, **options)) { valid(_1.body, _1) }
    end

    # What changed from the HTML *old* (or that at `old_url:`) to the HTML *new*? Returns a Diff.
    def htmldiff(old = nil, new = nil, **options)
      send_json("/htmldiff", **options, **both(old, new), format: "json") { html_result(Diff, _1) }
    end

    # Returns *old* with just the changes that `accept: [1, 3]` names, or with all but those that `reject:` names.
    def apply(old = nil, new = nil, **options)
      send_json("/htmldiff/apply", **options, **both(old, new)) { valid(_1.body, _1) }
    end

    # Takes hashes of `label:` and `html:`, oldest first. Returns the last one as Annotated.
    def annotate(versions, **options)
      versions = versions.map { |version| { **version, html: utf8(version.fetch(:html), "html") } }
      versions = versions.map { spell(_1) }
      send_json("/htmldiff/annotate", **options, versions:, format: "json") { html_result(Annotated, _1) }
    end

    # Returns *image* made small: a Picture. The image is a path (Pathname), the bytes (String), or an IO, which is sent
    # as it is read.
    def thumbnail(image, width: nil, height: nil, **options)
      send_file("/thumbnail", image, query(width:, height:, **options)) { picture(_1) }
    end

    # Describes *image*. Returns a hash: "type", "width", "height", "frames", "blurhash", and more.
    def info(image)
      send_file("/thumbnail/info", image, {}) { read_info(_1) }
    end

    # Returns *image* in several *widths* and `formats:`, as Thumbnails.
    def thumbnail_set(image, widths:, **options)
      send_file("/thumbnail/set", image, query(widths:, **options, archive: "multipart")) { read_set(_1) }
    end

    # Returns the URL of *source*, a picture elsewhere, made small. It is signed here; the server is not asked. The
    # options are those of #thumbnail, and imgproxy's by their long names.
    def thumbnail_url(source, width: nil, height: nil, **options)
      "#{@server}#{@links.path(source, width:, height:, **options)}"
    end

    # The calls of the auth service.
    def auth = Auth.new(@server)

    # Jobs that are known by their ids, and one's own.
    def jobs = Jobs.new(@server)

    # The same calls as jobs: each returns a Job, whose #result is what the direct call returns.
    def later = Later.new(@server)

    # Closes the idle connections. A later call opens a new one.
    def close = @server.close

    private

    # Makes one call: sends a request, and returns what the block reads in its answer. Later makes a job of it.
    def make(method, path, *rest) = yield @server.public_send(method, path, *rest)

    def both(old, new)
      { old:, new: }.compact.to_h { |name, html| [name, utf8(html, name)] }
    end

    def send_json(path, **options, &)
      lists = options.slice(:snippets, :versions)
      make(:post, path, JSON.generate({ **spell(options.except(*lists.keys)), **lists }), "application/json", &)
    end

    def send_file(path, image, query, &)
      return image.open("rb") { |file| send_file(path, file, query, &) } if image.respond_to?(:open)

      make(:post, path, image, "application/octet-stream", query, &)
    end

    def read_info(response)
      answer = JSON.parse(response.body)
      answer.is_a?(Hash) ? answer : raise(JSON::ParserError)
    rescue JSON::ParserError
      raise InvalidResponse, "#{@server}: answered with no JSON about a picture"
    end

    def read_set(response)
      Thumbnails.read(response.body, response["Content-Type"].to_s, cached: cached?(response),
                                                                   request_id: response["X-Request-Id"])
    rescue JSON::ParserError, KeyError, ArgumentError, NoMethodError
      raise InvalidResponse, "#{@server}: answered with something else than pictures"
    end

    def read_batch(response, expected)
      results = list(response, "results")
      raise invalid(response, "not one result for each snippet") if results.size != expected

      results.map { |item| item["status"] == 200 ? read_batch_item(item, response) : read_batch_error(item, response) }
    end

    def picture(response)
      type = response["Content-Type"].to_s
      raise invalid(response, "something else than a picture") unless type.start_with?("image/")

      sizes = { width: "X-Result-Width", height: "X-Result-Height", origin_width: "X-Origin-Width",
                origin_height: "X-Origin-Height" }
      Picture.new(response.body, type:, cached: cached?(response), request_id: response["X-Request-Id"],
                                 degraded: response["Mergepoint-Degraded"], **sizes.transform_values { response[_1].to_i })
    end

    def html_result(kind, response)
      answer = JSON.parse(response.body)
      kind.new(answer, cached: cached?(response), request_id: response["X-Request-Id"])
    rescue JSON::ParserError, KeyError, TypeError, NoMethodError
      raise invalid(response, "no JSON that tells what changed")
    end

    def query(options) = spell(options).transform_values { |value| { true => 1, false => 0 }.fetch(value, value) }

    def spell(options)
      options.compact.to_h do |name, value|
        value = Spelling.of(value)
        [name, value.is_a?(String) ? utf8(value, name) : value]
      end
    end

    # A text that was read in binary, or under LANG=C, is taken for UTF-8.
    def utf8(text, field)
      bytes = [Encoding::BINARY, Encoding::US_ASCII].include?(text.encoding)
      text = bytes ? text.dup.force_encoding(Encoding::UTF_8) : text.encode(Encoding::UTF_8)
      text.valid_encoding? ? text : raise(EncodingError, "it is not valid UTF-8")
    rescue EncodingError => e
      raise InvalidRequest.new("#{@server}: #{field} cannot be sent as UTF-8: #{e.message}",
                               code: "invalid_encoding", errors: [{ "field" => field.to_s, "message" => e.message }])
    end

    def read_highlighted(response)
      result(response.body, response, type: response["Content-Type"], language: response["Mergepoint-Language"],
                                      plaintext: response["Mergepoint-Plaintext"] == "1",
                                      degraded: response["Mergepoint-Degraded"])
    end

    def read_batch_item(item, response)
      body, type, language, degraded = %w[body type language degraded].map { item[_1] }
      raise invalid(response, "a result that is none") unless body.is_a?(String) && type.is_a?(String)

      body = body.unpack1("m") if item["encoding"] == "base64"
      result(body, response, type:, language:, plaintext: item["plaintext"] == true, degraded:)
    end

    def result(body, response, type:, **about)
      text = Highlighted.new(body, type: type.to_s, **about, cached: cached?(response),
                                   request_id: response["X-Request-Id"])
      valid(text, response)
    end

    def read_batch_error(item, response)
      problem, status = item.values_at("problem", "status")
      raise invalid(response, "a result that is none") unless status.is_a?(Integer)

      ApiError.from(problem, server: @server, status:, request_id: response["X-Request-Id"])
    end

    # RFC 9211: each cache on the way, and what it did.
    def cached?(response)
      caches = response["Cache-Status"].to_s.split(",").map { |cache| cache.split(";").map(&:strip) }
      caches.any? { |name, *did| name == "mergepoint" && did.include?("hit") }
    end

    def list(response, name)
      answer = JSON.parse(response.body)
      items = answer[name] if answer.is_a?(Hash)
      items.is_a?(Array) && items.all?(Hash) ? items : raise(JSON::ParserError)
    rescue JSON::ParserError
      raise invalid(response, "no JSON with a list of #{name}")
    end

    def valid(text, response)
      text.valid_encoding? ? text : raise(invalid(response, "text that is not UTF-8"))
    end

    def invalid(response, what)
      InvalidResponse.new("#{@server}: answered with #{what}", status: 200, request_id: response["X-Request-Id"])
    end
  end
end

# frozen_string_literal: true

require "openssl"

module Mergepoint
  # Links to thumbnails, made and signed here, without asking the server: imgproxy's URLs.
  class Links
    # Options by their names in #thumbnail, and their names in a link.
    NAMES = { upscale: "enlarge", frames: "max_animation_frames", strip: "strip_metadata" }.freeze
    FITS = { "inside" => "fit", "cover" => "fill-down", "fill" => "force", "pad" => "fit" }.freeze
    SIDES = { "center" => "ce", "north" => "no", "south" => "so", "east" => "ea", "west" => "we", "north-east" => "noea",
              "north-west" => "nowe", "south-east" => "soea", "south-west" => "sowe", "attention" => "sm" }.freeze

    # *key* and *salt* are in hexadecimal; without a key nothing is signed.
    def initialize(key, salt)
      @key = key && [key].pack("H*")
      @salt = [salt.to_s].pack("H*")
    end

    def inspect = "#<#{self.class}>" # without the key

    def path(source, format: nil, **options)
      encoded = [source.to_s].pack("m0").tr("+/", "-_").delete("=")
      extension = ".#{format}" if format && format.to_s != "auto" # a link cannot depend on Accept
      tail = [*options.compact.flat_map { write_option(_1, _2, options) }, "#{encoded}#{extension}"].join("/")
      "/thumbnail/#{@key ? sign("/#{tail}") : "unsigned"}/#{tail}"
    end

    private

    def sign(path) = [OpenSSL::HMAC.digest("SHA256", @key, @salt + path)].pack("m0").tr("+/", "-_").delete("=")

    def write_option(name, value, options)
      case name
      when :fit then ["resizing_type:#{FITS.fetch(value.to_s, value)}", *(pad_options(options) if value.to_s == "pad")]
      when :position then "gravity:#{gravity(value.to_s)}"
      when :rotate then { "auto" => "auto_rotate:1", "none" => "auto_rotate:0" }.fetch(value.to_s, "rotate:#{value}")
      else "#{NAMES.fetch(name, name)}:#{plain(value)}"
      end
    end

    def pad_options(options) = ["extend:1", *(gravity(options[:position].to_s) if options[:position])].join(":")

    def gravity(value) = value.include?(",") ? "fp:#{value.sub(",", ":")}" : SIDES.fetch(value, value)

    def plain(value)
      return value.join(":") if value.is_a?(Array)

      { true => "1", false => "0" }.fetch(value, value.to_s.delete_prefix("#"))
    end
  end
end

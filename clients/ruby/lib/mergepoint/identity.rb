# frozen_string_literal: true

require "json"
require "openssl"

module Mergepoint
  # Verifies the caller's signed identity, which nginx passes to an application in Mergepoint-Identity. The algorithm is
  # always Ed25519, the keys come from one place: nothing in the token decides how it is verified.
  #
  #   keys = Mergepoint::Identity::Keys.new("http://localhost:8080/auth/jwks.json")
  #   Mergepoint::Identity.verify(token, audience: "wiki", keys:) # => {"sub" => "1", "name" => "ada", …}
  module Identity
    # The token is not a current identity for this audience, signed with a known key.
    class Invalid < Error; end

    LONGEST = 4096 # characters
    LIFETIME = 60 # seconds for which an identity may be valid
    SKEW = 5 # seconds that our clock may be behind
    SPKI = ["302a300506032b6570032100"].pack("H*").freeze # the DER prefix of a key's 32 bytes (RFC 8410)

    # The Ed25519 keys of a JWK set (RFC 8037), by their ids. Keys.new(url) fetches them.
    def self.keys(jwks)
      usable = JSON.parse(jwks).fetch("keys").select { _1.values_at("kty", "crv") == %w[OKP Ed25519] }
      usable.to_h { [_1.fetch("kid"), OpenSSL::PKey.read(SPKI + decode(_1.fetch("x")))] }
    end

    # The claims of *token*, or Invalid is raised. *keys* answers `[]` with a key for an id, as a hash does.
    def self.verify(token, audience:, keys:, now: Time.now.to_i)
      parts = token[0, LONGEST + 1].split(".", -1)
      raise Invalid, "not a token" if token.size > LONGEST || parts.size != 3

      head, claims = parts.first(2).map { JSON.parse(decode(_1)) }
      good = head["alg"] == "EdDSA" && (head.keys - %w[alg kid typ]).empty? # so neither crit, jwk, jku nor x5u
      raise Invalid, "another algorithm, or a header that we do not know" unless good
      raise Invalid, "signed with an unknown key" unless head["kid"].is_a?(String) && (key = keys[head["kid"]])
      raise Invalid, "not signed" unless key.verify(nil, decode(parts[2]), parts.first(2).join("."))

      check(claims, audience, now)
    rescue JSON::ParserError, ArgumentError, TypeError, NoMethodError, OpenSSL::PKey::PKeyError => e
      raise Invalid, "not a good token: #{e.class}"
    end

    def self.check(claims, audience, now)
      issued, expires = claims.values_at("iat", "exp")
      short = [issued, expires].all?(Integer) && issued < expires && expires <= issued + LIFETIME
      raise Invalid, "without a short life" unless short
      raise Invalid, "expired, or from the future" unless now >= issued - SKEW && now < expires
      raise Invalid, "for another service" unless claims["aud"] == audience && claims["sub"].is_a?(String)

      claims
    end
    private_class_method :check

    # Base64url without padding, in its canonical form (RFC 7515, section 2).
    def self.decode(text)
      data = text.tr("-_", "+/").unpack1("m")
      [data].pack("m0").delete("=").tr("+/", "-_") == text ? data : raise(ArgumentError, "not base64url")
    end
    private_class_method :decode
  end
end

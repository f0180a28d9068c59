# frozen_string_literal: true

require "json"

module Mergepoint
  # Calls of the auth service: the user, logging in, API keys, sessions, handovers; by `client.auth`. The token of a
  # session serves as the api_key of a client, as a key does.
  class Auth
    def initialize(server)
      @server = server
    end

    def inspect = "#<#{self.class} #{@server}>"

    # The user whose key or session this client has: a hash, or nil.
    def me = value(call(:get, "/auth/me"), "user", Hash, NilClass)

    # Whether *key* has the form of an API key, checksum included; it may still be revoked.
    def check(key) = value(call(:post, "/auth/check", { key: }), "well_formed", TrueClass, FalseClass)

    # A hash of "token", "user" and "second_factor": whether #second_factor must be called next.
    def login(login, password) = object(call(:post, "/auth/login", { login:, password: }))

    # Shows a code of an authenticator, or a recovery code; returns a hash of "token" and "user".
    def second_factor(code) = object(call(:post, "/auth/second-factor/check", { code: }))

    # Ends the session whose token this client has.
    def logout = call(:post, "/auth/logout", {}) && nil

    # The user's sessions: hashes of "id", "created", "seen", "address", "agent", "current".
    def sessions = value(call(:get, "/auth/sessions"), "sessions", Array)

    def end_session(id) = call(:delete, "/auth/sessions/#{word(id)}") && nil

    # Ends all sessions but this one, and returns how many.
    def end_sessions = value(call(:delete, "/auth/sessions"), "ended", Integer)

    # The user's API keys: hashes of "id", "name", "hint", "scopes", "rate", "created", "expires", "used".
    def keys = value(call(:get, "/auth/keys"), "keys", Array)

    # Makes a key. Returns a hash of its "secret", which cannot be shown again, and the "key".
    def create_key(name, scopes:, rate: nil, days: nil)
      object(call(:post, "/auth/keys", { name:, scopes:, rate:, days: }.compact))
    end

    # Makes a key's successor; the old one works for *overlap* seconds more (a day).
    def rotate_key(id, overlap: nil) = object(call(:post, "/auth/keys/#{word(id)}/rotate", { overlap: }.compact))

    def revoke_key(id) = call(:delete, "/auth/keys/#{word(id)}") && nil

    # A token that the program *audience* may redeem, once and within seconds.
    def handover(audience) = value(call(:post, "/auth/handover", { audience: }), "token", String)

    # Redeems a handover: a hash of the "token" of a new session, and the "user".
    def redeem(token, audience:) = object(call(:post, "/auth/handover/redeem", { token:, audience: }))

    private

    def call(method, path, body = nil) = @server.once(method, path, body && JSON.generate(body), "application/json")

    def object(response)
      answer = JSON.parse(response.body)
      answer.is_a?(Hash) ? answer : raise(JSON::ParserError)
    rescue JSON::ParserError
      raise InvalidResponse.new("#{@server}: answered with no JSON object", status: 200)
    end

    def value(response, name, *kinds)
      found = object(response)
      return found[name] if found.key?(name) && kinds.any? { found[name].is_a?(_1) }

      raise InvalidResponse.new("#{@server}: answered with no JSON with #{name}", status: 200)
    end

    # An id for a path: letters and digits only, as the service's have, so that it cannot change the path.
    def word(id) = id.match?(/\A[A-Za-z0-9]+\z/) ? id : raise(ArgumentError, "an id has letters and digits only")
  end
end

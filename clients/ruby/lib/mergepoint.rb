# frozen_string_literal: true

# Mergepoint's services, called from Ruby with nothing but its standard library.
module Mergepoint
end

require_relative "mergepoint/version"
require_relative "mergepoint/errors"
require_relative "mergepoint/highlighted"
require_relative "mergepoint/htmldiff"
require_relative "mergepoint/links"
require_relative "mergepoint/picture"
require_relative "mergepoint/thumbnails"
require_relative "mergepoint/connection"
require_relative "mergepoint/spelling"
require_relative "mergepoint/server"
require_relative "mergepoint/auth"
require_relative "mergepoint/identity"
require_relative "mergepoint/identity_keys"
require_relative "mergepoint/client"
require_relative "mergepoint/jobs"

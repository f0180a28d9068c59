# frozen_string_literal: true

module Mergepoint
  VERSION = "0.1.0"
end

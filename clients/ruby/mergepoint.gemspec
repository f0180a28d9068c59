# frozen_string_literal: true

require_relative "lib/mergepoint/version"

Gem::Specification.new do |gem|
  gem.name = "mergepoint"
  gem.version = Mergepoint::VERSION
  gem.summary = "A thin client for Mergepoint: highlight code, compare HTML, make thumbnails, know who asks, from any Ruby program"
  gem.authors = ["the Mergepoint authors"]
  gem.license = "BSD-3-Clause"
  gem.required_ruby_version = ">= 3.1"
  gem.files = Dir.chdir(__dir__) { Dir["exe/*", "lib/**/*.rb", "sig/*.rbs", "README.md"] }
  gem.bindir = "exe"
  gem.executables = ["mergepoint"]
  gem.metadata["rubygems_mfa_required"] = "true"
end

# frozen_string_literal: true

# Puts the application together from the environment.
require_relative "app"

url = ENV.fetch("MERGEPOINT_URL", "http://localhost:8080")
# A reader waits a second for colours, not longer.
Viewer.set :client, Mergepoint::Client.new(url, connect_timeout: 0.5, timeout: 1, retries: 1)
Viewer.set :folder, ENV.fetch("FOLDER", __dir__)

run Viewer

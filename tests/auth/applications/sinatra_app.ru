# frozen_string_literal: true

# A small Sinatra application as people write them: sessions, and the protection that comes with them.
# Its paths begin with $PREFIX, as nginx passes them. Nothing in it knows of Mergepoint.
require "digest"
require "json"
require "securerandom"
require "rack/protection"
require "sinatra/base"

class Application < Sinatra::Base
  PAGE = <<~HTML
    <!doctype html><html lang="en"><title>Sinatra</title>
    <p id="visits"><%= session[:visits] %></p><p id="said"><%= Rack::Utils.escape_html(said) %></p>
    <form method="post" enctype="<%= kind %>">
    <input type="hidden" name="authenticity_token" value="<%= Rack::Protection::AuthenticityToken.token(session) %>">
    <%= fields %><button>Send</button></form>
  HTML

  set :environment, :production
  set :sessions, key: "sinatra_session"
  set :session_secret, SecureRandom.hex(64)
  use Rack::Protection::AuthenticityToken, allow_if: ->(env) { env["PATH_INFO"] == "/seen" }

  helpers do
    def page(said, kind:, fields:)
      session[:visits] = session.fetch(:visits, 0) + 1
      erb PAGE, locals: { said:, kind:, fields: }
    end
  end

  # A text that is posted and shown.
  form = lambda do
    page(params.fetch("text", ""), kind: "application/x-www-form-urlencoded",
                                   fields: '<label>Text <input name="text"></label>')
  end
  get("/form", &form)
  post("/form", &form)

  # A file that is posted; its size and hash are shown.
  upload = lambda do
    content = params.dig("file", "tempfile")&.read
    said = content ? "#{content.bytesize} #{Digest::SHA256.hexdigest(content)}" : ""
    page(said, kind: "multipart/form-data", fields: '<label>File <input type="file" name="file"></label>')
  end
  get("/upload", &upload)
  post("/upload", &upload)

  # What arrived: method, scheme, address and headers.
  seen = lambda do
    headers = env.select { |name, _| name.start_with?("HTTP_") || name.start_with?("CONTENT_") }
    headers.transform_keys! { |name| name.delete_prefix("HTTP_").split("_").map(&:capitalize).join("-") }
    content_type :json
    JSON.generate(method: request.request_method, url: request.url, headers:, size: request.body.read.bytesize)
  end
  get("/seen", &seen)
  post("/seen", &seen)
  put("/seen", &seen)
  patch("/seen", &seen)
  delete("/seen", &seen)
  options("/seen", &seen)
end

map(ENV.fetch("PREFIX")) { run Application }

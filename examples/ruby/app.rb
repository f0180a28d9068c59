# frozen_string_literal: true

require "erb"
require "mergepoint"
require "sinatra/base"

# Shows the files of a folder, highlighted by Mergepoint. While that is down it shows them plain: a page can be read
# without its colours. The client and the folder are set from outside, in config.ru.
class Viewer < Sinatra::Base
  LARGEST = 512 * 1024 # bytes, as the service has it
  STYLE = "default"
  DARK_STYLE = "monokai"

  set :views, File.join(__dir__, "views")
  set :public_folder, File.join(__dir__, "public")
  enable :logging

  helpers do
    def h(text) = Rack::Utils.escape_html(text)

    def path_to(name) = url("/files/#{name.split("/").map { ERB::Util.url_encode(_1) }.join("/")}", false)
  end

  before do
    headers "Content-Security-Policy" => "default-src 'none'; style-src 'self'"
  end

  get "/" do
    erb :index, locals: { files: files }
  end

  get "/files/*" do |name|
    halt 404, erb(:missing) unless files.include?(name)

    code = File.read(File.join(settings.folder, name), encoding: "UTF-8")
    erb :file, locals: { name:, code:, html: highlighted(name, code) }
  end

  # The colours for `css=classes`, light or dark as the reader prefers.
  get "/style.css" do
    css = settings.client.stylesheet(STYLE, dark: DARK_STYLE)
    cache_control :public, max_age: 300
    content_type :css
    css
  rescue Mergepoint::Error => e
    logger.warn(e.message)
    halt 503, { "Retry-After" => "5", "Content-Type" => "text/css" }, "/* no colours for now */"
  end

  get "/health" do
    content_type :text
    "ok\n"
  end

  not_found { erb :missing }

  private

  # nil when there is no highlighting to be had.
  def highlighted(name, code)
    settings.client.highlight(code, filename: File.basename(name), fallback: "plain", anchors: "L", style: STYLE)
  rescue Mergepoint::Error => e
    logger.warn(e.message)
    nil
  end

  # Only what is listed is shown, so no name leads out of the folder.
  def files
    Dir.glob("**/*", base: settings.folder).sort.select do |name|
      path = File.join(settings.folder, name)
      File.file?(path) && !File.symlink?(path) && File.size(path) <= LARGEST
    end
  end
end

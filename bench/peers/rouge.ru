# frozen_string_literal: true

# Rouge behind Puma: puma -w PROCESSES -b tcp://127.0.0.1:PORT rouge.ru
require "rouge"

FORMATTER = Rouge::Formatters::HTMLPygments.new(Rouge::Formatters::HTML.new)

run(lambda do |env|
  text = env["rack.input"].read.force_encoding("UTF-8")
  html = FORMATTER.format(Rouge::Lexers::Python.new.lex(text))
  [200, { "Content-Type" => "text/html; charset=utf-8", "Content-Length" => html.bytesize.to_s }, [html]]
end)

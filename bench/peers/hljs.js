// highlight.js behind Node's own HTTP server, in a process for each core: hljs.js PORT PROCESSES
'use strict';

const cluster = require('node:cluster');
const http = require('node:http');

const [port, processes] = process.argv.slice(2).map(Number);

if (cluster.isPrimary) {
  for (let i = 0; i < processes; i++) {
    cluster.fork();
  }
} else {
  const hljs = require('highlight.js');
  http.createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('end', () => {
      const {value} = hljs.highlight(Buffer.concat(parts).toString(), {language: 'python'});
      const html = Buffer.from(`<pre><code class="hljs">${value}</code></pre>\n`);
      response.writeHead(200, {'Content-Type': 'text/html; charset=utf-8', 'Content-Length': html.length});
      response.end(html);
    });
  }).listen(port, '127.0.0.1');
}

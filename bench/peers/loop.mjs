// highlight.js, Prism and Shiki in a loop: loop.mjs FILE prints a name and the seconds for the Python in FILE, for each.
import fs from 'node:fs';
import hljs from 'highlight.js';
import Prism from 'prismjs';
import loadLanguages from 'prismjs/components/index.js';
import {createHighlighter} from 'shiki';

const text = fs.readFileSync(process.argv[2], 'utf8');
const version = name => JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`)).version;
loadLanguages(['python']);
const shiki = await createHighlighter({themes: ['github-light'], langs: ['python']});
const ways = {
  'highlight.js': () => hljs.highlight(text, {language: 'python'}).value,
  prismjs: () => Prism.highlight(text, Prism.languages.python, 'python'),
  shiki: () => shiki.codeToHtml(text, {lang: 'python', theme: 'github-light'}),
};
for (const [name, work] of Object.entries(ways)) {
  const taken = Array.from({length: 500}, () => {
    const began = performance.now();
    work();
    return (performance.now() - began) / 1000;
  }).sort((a, b) => a - b);
  console.log(`${name} ${version(name)}\t${taken[taken.length / 2]}`);
}

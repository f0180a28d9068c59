// Reads texts by name as JSON and prints which language highlight.js takes each for: node guess.js <texts.json
'use strict';

const {readFileSync} = require('node:fs');
const hljs = require('highlight.js');

const texts = JSON.parse(readFileSync(0, 'utf8'));
const guessed = Object.entries(texts).map(([name, text]) => [name, hljs.highlightAuto(text).language || 'text']);
process.stdout.write(JSON.stringify(Object.fromEntries(guessed)));

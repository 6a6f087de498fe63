const fs = require('node:fs');
const dotenv = require('dotenv');
fs.writeFileSync('.env', "PLAIN=one\nQUOTED=\"two\\nlines\"\nSINGLE='a $b # c'\nexport EXPORTED=yes # comment\nEMPTY=\nMULTI=\"x\ny\"\n");
process.env.PLAIN = 'kept';
const result = dotenv.config({ quiet: true });
console.log(result.parsed, process.env.PLAIN, process.env.EXPORTED);
console.log(dotenv.config({ quiet: true, override: true }).parsed.PLAIN, process.env.PLAIN, dotenv.parse(Buffer.from('A=1')));
console.log(dotenv.config({ path: 'absent', quiet: true }).error.code);

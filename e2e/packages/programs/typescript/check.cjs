const ts = require('typescript');
console.log(ts.version.split('.')[0], ts.transpileModule('const a: number = 1; export default a satisfies number;', { compilerOptions: { module: ts.ModuleKind.CommonJS } }).outputText);
const program = ts.createProgram(['main.ts', 'bad.ts'], { strict: true, noEmit: true, module: ts.ModuleKind.NodeNext, types: [] });
for (const { messageText, start } of ts.getPreEmitDiagnostics(program)) console.log(start, ts.flattenDiagnosticMessageText(messageText, '\n'));

import { NIL, parse, stringify, v1, v3, v4, v5, v7, validate, version } from 'uuid';
console.log(v5('hello', v5.URL), v3('hello', v3.DNS), NIL);
const ids = [v1(), v4(), v7()];
console.log(ids.map(version), ids.every(validate), new Set([...Array(1000)].map(() => v4())).size);
console.log(stringify(parse('6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b')), v4({ random: new Uint8Array(16).fill(7) }), v7({ msecs: 0, seq: 1, random: new Uint8Array(16) }));

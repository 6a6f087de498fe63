import { z } from 'zod';
const User = z.object({ name: z.string().min(2), age: z.coerce.number().int().positive(), email: z.email().optional(), tags: z.array(z.enum(['a', 'b'])).default([]) }).strict();
console.log(User.parse({ name: 'Ada', age: '36' }));
const failed = User.safeParse({ name: 'A', age: -1.5, email: 'x', tags: ['c'], more: 1 });
console.log(JSON.stringify(failed.error.issues));
console.log(z.prettifyError(failed.error));
const Shape = z.discriminatedUnion('kind', [z.object({ kind: z.literal('circle'), r: z.number() }), z.object({ kind: z.literal('square'), side: z.number() })]);
console.log(Shape.safeParse({ kind: 'circle', r: 1 }).success, Shape.safeParse({ kind: 'line' }).error.issues[0].code);
console.log(await z.string().transform(async (text) => text.length).parseAsync('four'), JSON.stringify(z.toJSONSchema(User)));

// git in the tab: a day with a repository, and the way to a real git server through the proxy.
import { expect, test } from 'playwright/test';
import { startGitRemote, type GitRemote } from './git-remote.fixture.ts';
import { launchRuntime, type Harness } from './harness.ts';

const NAMES = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

test.describe.configure({ mode: 'serial' });

let remote: GitRemote;
let harness: Harness;
test.beforeAll(async () => {
  remote = await startGitRemote();
  // The list names the origin; the tab asks for https, as it would for any host.
  harness = await launchRuntime({ server: { gitHosts: [`http://${remote.host}`] }, env: NAMES });
});
test.afterAll(async () => {
  await harness.close();
  await remote.close();
});

async function run(script: string, cwd = '/workdir'): Promise<{ output: string; errors: string; code: number | null }> {
  const { stdout, stderr, code } = await harness.spawn('sh', ['-c', script], { cwd, env: NAMES, timeoutMs: 30_000 });
  return { output: stdout.toString(), errors: stderr.toString(), code };
}

test('init, add, commit, status, log and diff', async () => {
  const first = await run(
    'git init -q r && cd r && git status -s && echo one > a.txt && git status -s && git add . && git status -s && git commit -m "First" && git log --oneline | cut -d" " -f2-',
  );
  expect(first.errors).toBe('');
  expect(first.output.replace(/[0-9a-f]{7}/, 'HASH')).toBe(
    '?? a.txt\nA  a.txt\n[main (root-commit) HASH] First\n 1 file changed, 1 insertion(+)\n create mode 100644 a.txt\nFirst\n',
  );
  const second = await run(
    'echo two >> a.txt; git diff | tail -n +3; git diff --stat; git commit -qam "Second"; git log --format=%s; git show --stat | tail -2; git status',
    '/workdir/r',
  );
  expect(second.output).toBe(
    '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1,2 @@\n one\n+two\n a.txt | 1 +\n 1 file changed, 1 insertion(+)\nSecond\nFirst\n a.txt | 1 +\n 1 file changed, 1 insertion(+)\nOn branch main\nnothing to commit, working tree clean\n',
  );
});

test('branches, merges and conflicts', async () => {
  const { output, code } = await run(
    `git switch -qc feature && echo feature > f.txt && git add f.txt && git commit -qm "Feature" &&
     git checkout -q main && ls && git merge feature | tail -3 && git branch &&
     git checkout -qb other HEAD~1 && echo other > a.txt && git commit -qam "Other" && git checkout -q main && echo mine > a.txt && git commit -qam "Mine" &&
     git merge other; echo "status $?"; grep -c '<<<<<<<' a.txt`,
    '/workdir/r',
  );
  expect(output).toContain('a.txt\nFast-forward\n f.txt | 1 +\n 1 file changed, 1 insertion(+)\n');
  expect(output).toContain('  feature\n* main\n');
  expect(output).toContain('CONFLICT (content): Merge conflict in a.txt');
  expect(output).toContain('status 1\n1\n');
  expect(code).toBe(0);
});

test('reset, restore, stash, tag and ignore', async () => {
  const { output, errors } = await run(
    `git reset --hard -q HEAD 2>/dev/null; git reset --hard | cut -d' ' -f1-4; echo x > a.txt; git restore a.txt; cat a.txt;
     echo y > a.txt; git stash | cut -d' ' -f1-2; cat a.txt; git stash pop | tail -1; cat a.txt; git checkout -- a.txt;
     git tag v1; git tag; git rev-parse --abbrev-ref HEAD; echo 'build/' > .gitignore; mkdir build; touch build/x; git status -s; git rm -q f.txt; git status -s`,
    '/workdir/r',
  );
  expect(errors).toBe('');
  expect(output).toBe(
    'HEAD is now at\nmine\nSaved working\nmine\nDropped refs/stash@{0}\ny\nv1\nmain\n?? .gitignore\nD  f.txt\n?? .gitignore\n',
  );
});

test('clone, push, fetch and pull through the proxy', async () => {
  const url = `https://${remote.host}/team/project.git`;
  const pushed = await run(
    `git init -q p && cd p && echo hi > README.md && git add . && git commit -qm "Start" && git remote add origin ${url} && git push -u origin main`,
  );
  expect(pushed.errors).toContain('[new branch]');
  expect(pushed.code).toBe(0);
  expect(remote.git('log', '--format=%s %an').trim()).toBe('Start Ada');
  const cloned = await run(
    `git clone -q ${url} c && cd c && cat README.md && git log --oneline | wc -l && echo more >> README.md && git commit -qam "More" && git push -q && git branch -a`,
  );
  expect(cloned.errors).toBe('');
  expect(cloned.output).toBe('hi\n1\n* main\n  remotes/origin/main\n');
  expect(remote.git('log', '--format=%s').trim()).toBe('More\nStart');
  const pulled = await run('git pull && cat README.md', '/workdir/p');
  expect(pulled.output).toContain('Fast-forward');
  expect(pulled.output).toContain('hi\nmore\n');
});

test('hosts outside the list are refused with the reason', async () => {
  const { errors, code } = await run('git clone https://evil.example/x/y.git');
  expect(errors).toContain('not in the list of git hosts');
  expect(code).toBe(128);
});

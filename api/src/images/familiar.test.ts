import { describe, expect, test } from 'vitest';
import { familiarName, goesBy } from './familiar.ts';

describe('a name of an image', () => {
  test.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1.29', 'nginx:1.29'],
    ['docker.io/library/nginx:1.29', 'nginx:1.29'],
    ['index.docker.io/team/web', 'team/web:latest'],
    ['library/team/web:2', 'library/team/web:2'],
    ['registry.example.com:5000/team/web', 'registry.example.com:5000/team/web:latest'],
    ['nginx@sha256:ab', 'nginx@sha256:ab'],
  ])('%j is listed as %j', (reference, name) => {
    expect(familiarName(reference)).toBe(name);
  });

  test('is that of an image by its tags, or by its digests where it says one', () => {
    const image = { tags: ['web:2'], digests: ['host:5000/web@sha256:ab'] };
    expect(goesBy(image, 'web:2')).toBe(true);
    expect(goesBy(image, 'web:3')).toBe(false);
    expect(goesBy(image, 'host:5000/web@sha256:ab')).toBe(true);
    expect(goesBy(image, 'host:5000/web:7@sha256:ab')).toBe(true);
    expect(goesBy(image, 'host:5000/web@sha256:cd')).toBe(false);
  });
});

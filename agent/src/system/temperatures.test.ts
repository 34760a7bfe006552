import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir, type TempDir } from '../../../testing/tmp.ts';
import { TemperatureMeter } from './temperatures.ts';

async function sysfs(dir: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(dir.file(name)), { recursive: true });
    await writeFile(dir.file(name), `${text}\n`);
  }
}

test('reads the sensors of every chip, in order', async () => {
  await using dir = await tempDir();
  await sysfs(dir, {
    'class/hwmon/hwmon10/name': 'nvme',
    'class/hwmon/hwmon10/temp1_input': '38850',
    'class/hwmon/hwmon10/temp1_label': 'Composite',
    'class/hwmon/hwmon2/name': 'coretemp',
    'class/hwmon/hwmon2/temp10_input': '51000',
    'class/hwmon/hwmon2/temp2_input': '49000',
    'class/hwmon/hwmon2/temp2_label': 'Core 0',
    'class/hwmon/hwmon2/fan1_input': '900',
    'class/thermal/thermal_zone0/type': 'acpitz',
    'class/thermal/thermal_zone0/temp': '27800',
  });
  expect(new TemperatureMeter(dir.path).read()).toEqual([
    { label: 'coretemp Core 0', celsius: 49 },
    { label: 'coretemp temp10', celsius: 51 },
    { label: 'nvme Composite', celsius: 38.85 },
  ]);
});

test('takes thermal zones where there is no chip', async () => {
  await using dir = await tempDir();
  await sysfs(dir, {
    'class/thermal/thermal_zone0/type': 'cpu-thermal',
    'class/thermal/thermal_zone0/temp': '55844',
  });
  expect(new TemperatureMeter(dir.path).read()).toEqual([{ label: 'cpu-thermal', celsius: 55.84 }]);
});

test('leaves out sensors that are broken', async () => {
  await using dir = await tempDir();
  await sysfs(dir, {
    'class/hwmon/hwmon0/temp1_input': '-273000',
    'class/hwmon/hwmon0/temp2_input': '4294967295',
    'class/hwmon/hwmon0/temp3_input': 'N/A',
    'class/hwmon/hwmon0/temp4_input': '',
    'class/hwmon/hwmon0/temp5_input': '20000',
  });
  expect(new TemperatureMeter(dir.path).read()).toEqual([{ label: 'hwmon0 temp5', celsius: 20 }]);
});

test('a host without sensors has none', async () => {
  await using dir = await tempDir();
  expect(new TemperatureMeter(dir.path).read()).toEqual([]);
});

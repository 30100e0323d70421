import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';
import { brandShades } from './brand';

const ink: MantineColorsTuple = [
  '#e8eef4',
  '#c5d0da',
  '#a0adba',
  '#7d8b99',
  '#34414d',
  '#26313b',
  '#1b242d',
  '#121920',
  '#0d1218',
  '#080c10',
];

const slate: MantineColorsTuple = [
  '#f7f8fa',
  '#eff1f4',
  '#e4e8ec',
  '#d2d8df',
  '#b4bdc7',
  '#8b96a3',
  '#5b6774',
  '#434e5a',
  '#2a333d',
  '#161d25',
];

const FONT = "'Vazirmatn Variable', Vazirmatn, system-ui, sans-serif";

export function makeTheme(primary: string | null | undefined) {
  return createTheme({
    colors: { brand: brandShades(primary), dark: ink, gray: slate },
    primaryColor: 'brand',
    // the eighth shade is the first on which white text passes WCAG AA
    primaryShade: 8,
    black: '#161d25',
    fontFamily: FONT,
    fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
    headings: { fontFamily: FONT, fontWeight: '750' },
    defaultRadius: 'md',
    radius: { xs: '4px', sm: '6px', md: '9px', lg: '14px', xl: '20px' },
    fontSizes: { xs: '0.78rem', sm: '0.875rem', md: '0.95rem', lg: '1.08rem', xl: '1.25rem' },
    cursorType: 'pointer',
    focusRing: 'auto',
    components: {
      Button: { styles: { label: { fontWeight: 600 } } },
      Badge: { styles: { root: { textTransform: 'none', minWidth: 'fit-content' }, label: { overflow: 'visible' } } },
      Tooltip: { defaultProps: { openDelay: 350, withArrow: true, fz: 'xs' } },
      Modal: {
        defaultProps: {
          centered: true,
          radius: 'lg',
          overlayProps: { backgroundOpacity: 0.6, blur: 2 },
          // a dialog's header is no second banner of the page
          attributes: { header: { role: 'none' } },
        },
      },
      Menu: { defaultProps: { radius: 'md', shadow: 'lg', width: 210 } },
    },
  });
}

export const cssVariables: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f7f8fa',
    '--mantine-color-dimmed': '#53606d',
    '--mantine-color-placeholder': '#66727e',
    '--mantine-color-error': '#c3261d',
    '--surface': '#ffffff',
    '--surface-sunken': '#eff1f4',
    '--line': '#dfe4e9',
    '--accent-text': theme.colors.brand?.[8] ?? '',
    '--accent-soft': theme.colors.brand?.[0] ?? '',
    '--saffron': '#8a5a00',
    '--chart-1': '#0f7b8a',
    '--chart-2': '#c2571a',
    '--chart-3': '#4c8a2b',
    '--chart-4': '#8a5a00',
    '--chart-5': '#6a4fb3',
    '--chart-6': '#c3261d',
  },
  dark: {
    '--mantine-color-body': '#0d1218',
    '--mantine-color-dimmed': '#a0adba',
    '--mantine-color-placeholder': '#8c99a6',
    '--mantine-color-error': '#ff9d94',
    '--surface': '#141b23',
    '--surface-sunken': '#0a0e13',
    '--line': '#26313b',
    '--accent-text': theme.colors.brand?.[3] ?? '',
    '--accent-soft': '#17242c',
    '--saffron': '#f2b134',
    '--chart-1': '#4cc3d4',
    '--chart-2': '#f0965f',
    '--chart-3': '#8ccf66',
    '--chart-4': '#f2b134',
    '--chart-5': '#a893ee',
    '--chart-6': '#ff9d94',
  },
});

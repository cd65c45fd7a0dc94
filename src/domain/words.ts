// A text in both languages that people read.

export interface Words {
  en: string;
  de: string;
}

export const words = (en: string, de: string): Words => ({ en, de });

//! The hash that `crypt` had first: DES, 25 times (FIPS 46-3), with a salt that swaps bits of its expansion.

use super::{DIGITS, value};

/// How far both halves of the key rotate before each round.
const SHIFTS: [u8; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// The bits of a password that make up the key (permuted choice 1).
const KEY: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
    47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];

/// The bits of a key that a round takes (permuted choice 2).
const CHOICE: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
    40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

/// The eight boxes, by their six bits: a value in each digit.
const BOXES: [[u64; 4]; 8] = [
    [0xe04f_d714_2ef2_bd81, 0x3aa6_6ccb_5995_0378, 0x4f1c_e882_d469_21b7, 0xf5cb_937e_3aa0_560d],
    [0xf31d_84e7_6fb2_384e, 0x9c70_21da_c609_5ba5, 0x0de8_7ab1_a34f_d412, 0x5b86_c76c_9035_2ef9],
    [0xad07_90e9_6334_f65a, 0x12d8_c57e_bc4b_2f81, 0xd16a_4d90_86f9_3807, 0xb41f_2ec3_5ba5_e27c],
    [0x7dd8_eb35_066f_90a3, 0x1427_825c_b1ca_4ef9, 0xa36f_9006_cab1_7dd8, 0xf914_35eb_5c27_824e],
    [0x2ecb_421c_74a7_bd61, 0x8550_3ffa_d309_e896, 0x4b28_1cb7_a1de_728d, 0xf69f_c059_6a34_05e3],
    [0xca1f_a4f2_972c_6985, 0x06d1_3d4e_e07b_53b8, 0x94e3_f25c_2985_cf3a, 0x7b0e_41a7_16d0_b86d],
    [0x4db0_2be7_f409_81da, 0x3ec3_957c_52af_6816, 0x164b_bdd8_c134_7ae7, 0xa9f5_608f_0e52_932c],
    [0xd12f_8d48_6af3_b714, 0xac95_36eb_500e_c972, 0x72b1_4e17_94ca_e82d, 0x0f6c_a9d0_f335_568b],
];

/// The bits of what the boxes gave.
const PERMUTED: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4,
    25,
];

/// The bits of the last round (the final permutation).
const LAST: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21,
    61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9,
    49, 17, 57, 25,
];

/// The hash of the first eight bytes of a password, with a salt of two digits; `None` of another salt.
pub fn des_crypt(password: &[u8], salt: &str) -> Option<String> {
    let &[low, high] = salt.as_bytes() else { return None };
    let salt_bits = (value(low)? | value(high)? << 6).reverse_bits() >> 8;
    let keys = keys(password);
    let (mut left, mut right) = (0_u32, 0_u32);
    for _ in 0..25 {
        for key in keys {
            (left, right) = (right, left ^ round(right, key, salt_bits));
        }
        (left, right) = (right, left);
    }
    let hash = picked(u64::from(left) << 32 | u64::from(right), 64, &LAST);
    let mut text = salt.to_owned();
    for at in 0..11 {
        text.push(char::from(DIGITS[(hash << (6 * at) >> 58) as usize]));
    }
    Some(text)
}

/// The bits of a block of `size` bits that a table names, counted from 1 at the highest one.
fn picked(block: u64, size: u8, table: &[u8]) -> u64 {
    table.iter().fold(0, |all, bit| all << 1 | block >> (size - bit) & 1)
}

/// The keys of the rounds: of each byte of a password seven bits count.
fn keys(password: &[u8]) -> [u64; 16] {
    let mut bytes = [0; 8];
    for (byte, letter) in bytes.iter_mut().zip(password) {
        *byte = letter << 1;
    }
    let mut key = picked(u64::from_be_bytes(bytes), 64, &KEY);
    let mut keys = [0; 16];
    for (round, shift) in keys.iter_mut().zip(SHIFTS) {
        for _ in 0..shift {
            // Each half rotates by itself.
            key = key << 1 & 0x00ff_ffff_efff_fffe | key >> 27 & 0x1000_0001;
        }
        *round = picked(key, 56, &CHOICE);
    }
    keys
}

/// What a round makes of a half.
fn round(half: u32, key: u64, salt_bits: u32) -> u32 {
    // Each six bits are four of the half and their neighbours.
    let expanded = (0..8).fold(0, |all, at| all << 6 | u64::from(half.rotate_left(4 * at + 5) & 63));
    let swapped = (expanded >> 24 ^ expanded) & u64::from(salt_bits);
    let mixed = expanded ^ swapped << 24 ^ swapped ^ key;
    let boxed = BOXES.iter().enumerate().fold(0, |all, (at, values)| {
        let six = (mixed >> (42 - 6 * at)) as usize & 63;
        all << 4 | values[six / 16] >> (60 - 4 * (six % 16)) & 15
    });
    picked(boxed, 32, &PERMUTED) as u32
}

//! The objects that posts refer to: users, media and places, each generated from its id alone.

use serde_json::json;

use super::choices::Choices;
use super::object::{Object, raw};
use super::phrases::{HANDLES, PLACES, USER_TITLES, USER_WORDS};
use super::snowflake;

/// Number of accounts that write the seeded posts.
pub(super) const AUTHORS: u32 = 5_000;
const FIRST_AUTHOR_ID: u64 = 1_200_300_400_000_000_000;
const AUTHOR_STEP: u64 = 7_919_000_003;
const FIRST_HANDLE_ID: u64 = 69_000_001;

pub(super) fn author_id(number: u32) -> u64 {
    FIRST_AUTHOR_ID + u64::from(number) * AUTHOR_STEP
}

/// Returns the account name of a user id; ids outside the seeded corpus get a name too.
pub(super) fn username(id: u64) -> String {
    if let Some(handle) = id.checked_sub(FIRST_HANDLE_ID).and_then(|index| HANDLES.get(usize::try_from(index).ok()?)) {
        return (*handle).to_owned();
    }
    match id.checked_sub(FIRST_AUTHOR_ID) {
        Some(offset) if offset % AUTHOR_STEP == 0 && offset / AUTHOR_STEP < u64::from(AUTHORS) => {
            let number = offset / AUTHOR_STEP;
            format!("{}_{number}", Choices::of(0, 1, number).pick(&USER_WORDS))
        }
        _ => format!("u{}", id % 100_000_000_000_000),
    }
}

/// Returns the id of a mentioned account; names outside the corpus get an id too.
pub(super) fn id_of(username: &str) -> u64 {
    if let Some(index) = HANDLES.iter().position(|handle| handle.eq_ignore_ascii_case(username)) {
        return FIRST_HANDLE_ID + index as u64;
    }
    if let Some(number) = username.rsplit_once('_').and_then(|(_, number)| number.parse::<u32>().ok())
        && number < AUTHORS
        && self::username(author_id(number)) == username
    {
        return author_id(number);
    }
    username.bytes().fold(7, |hash: u64, byte| (hash * 131 + u64::from(byte)) % 1_000_000_007)
}

/// Returns a user with every field that the emulator supports, under the older names.
pub(super) fn user(id: u64) -> Object {
    let mut random = Choices::of(0, 2, id);
    let username = username(id);
    let official = username == HANDLES[0];
    let mut user = Object::default();
    user.push("id", &id.to_string());
    user.push("name", &if official { "Palácio do Planalto" } else { random.pick(&USER_TITLES) });
    user.push("username", &username);
    let born_ms = snowflake::EPOCH_MS + i64::from(random.below(4_000)) * 86_400_000;
    user.push("created_at", &snowflake::created_at(born_ms));
    if random.chance(600) {
        user.push("location", &random.pick(&PLACES).2);
    }
    user.push("description", &"Conta fictícia. Opiniões inventadas & sem dono.");
    user.push("protected", &false);
    user.push("verified", &(official || random.chance(80)));
    user.push("verified_type", &if official { "government" } else { "none" });
    user.push(
        "public_metrics",
        &json!({
            "followers_count": random.below(90_000),
            "following_count": random.below(3_000),
            "tweet_count": random.below(60_000),
            "listed_count": random.below(200),
            "like_count": random.below(80_000),
        }),
    );
    user
}

/// Returns a photo or a video with every field that the emulator supports.
pub(super) fn media(key: &str) -> Object {
    let mut random = Choices::of(0, 3, key.bytes().fold(0, |hash: u64, byte| hash.wrapping_mul(131) + u64::from(byte)));
    let video = key.starts_with("7_");
    let mut media = Object::default();
    media.push("media_key", &key);
    media.push("type", &if video { "video" } else { "photo" });
    media.push("width", &1_280);
    media.push("height", &720);
    if video {
        media.push("duration_ms", &random.below(140_000));
        media.push("preview_image_url", &format!("https://pbs.twimg.example/img/{key}.jpg"));
        media.push("public_metrics", &json!({ "view_count": random.below(1_000_000) }));
    } else {
        media.push("url", &format!("https://pbs.twimg.example/media/{key}.jpg"));
        media.push("alt_text", &"Foto da praça com árvores e uma faixa");
    }
    media
}

/// Returns a place with every field that the emulator supports; an unknown id gives a place without a name of its own.
pub(super) fn place(id: &str) -> Object {
    let mut place = Object::default();
    place.push("id", &id);
    let Some((_, name, full_name, country_code, place_type, corners)) = PLACES.iter().find(|place| place.0 == id) else {
        place.push("full_name", &"Lugar fictício");
        place.push("name", &"Lugar fictício");
        return place;
    };
    place.push("full_name", full_name);
    place.push("name", name);
    place.push("country", &"Brasil");
    place.push("country_code", country_code);
    place.push("place_type", place_type);
    let mut geo = Object::default();
    geo.push("type", &"Feature");
    geo.push_text("bbox", corners);
    geo.push("properties", &json!({}));
    place.push_raw("geo", raw(&geo));
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_id_determine_each_other() {
        for id in [author_id(0), author_id(1), author_id(AUTHORS - 1), id_of("planalto"), id_of("o_tucunare_x")] {
            let name = username(id);
            assert_eq!(id_of(&name), id, "{name}");
            assert!(name.len() <= 15, "{name}");
        }
        assert_eq!(username(42), "u42");
    }
}

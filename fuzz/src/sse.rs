//! Event streams: any bytes, in any pieces.

use httparallel_proto::sse::{Event, Parser};

use crate::Input;

/// How the stream is cut changes neither the events nor where it fails, and no event is larger than the bound.
///
/// Options: the bound, the length of pieces.
pub fn sse(data: &[u8]) {
    let mut input = Input::new(data);
    let bound = match input.byte() {
        b'-' => None,
        bound => Some(usize::from(bound)),
    };
    let piece = input.piece_length();
    input.line();
    let stream = input.rest();

    let whole = parse(stream.chunks(stream.len().max(1)), bound);
    assert_eq!(whole, parse(stream.chunks(piece), bound), "in pieces of {piece}");
    assert!(!whole.1 || bound.is_some(), "there is no bound to fail for");
    for event in &whole.0 {
        // A byte that is no UTF-8 becomes three.
        let most = bound.map_or(usize::MAX, |bound| 3 * bound);
        assert!(event.data.len() <= most && event.id.len() <= most, "{event:?}");
        assert!(!event.id.contains('\0') && !event.event.is_empty());
    }
}

fn parse<'a>(pieces: impl Iterator<Item = &'a [u8]>, bound: Option<usize>) -> (Vec<Event>, bool) {
    let mut parser = Parser::new(bound);
    let mut events = Vec::new();
    for piece in pieces {
        parser.feed(piece);
        loop {
            match parser.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(_) => return (events, true),
            }
        }
    }
    (events, false)
}

//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/choices.hpp"
#include "fuzz/require.hpp"
#include "wire/link_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The reader of one link: frames with one or several things wrong, cut anywhere, batches of handles
// anywhere, and the link moved in the middle of it.

using namespace strait;
using namespace strait::detail;
using namespace strait::detail::wire;
using namespace strait::fuzz;
using event = link_reader::event;

namespace {

limits small_limits(std::uint8_t which) {
    limits l;
    l.max_handles_per_message = 300;
    l.max_message_bytes = (which & 1) != 0 ? 100 : 100'000;
    l.max_inbox_bytes = (which & 2) != 0 ? 50'000 : 200'000;
    return l;
}

std::string describe(event e, const link_reader& reader, const incoming_message& m) {
    std::string text = std::to_string(static_cast<int>(e)) + ' ';
    if (e == event::forget || e == event::want || e == event::disuse)
        text += std::to_string(reader.number());
    if (e != event::message) return text + '\n';
    const auto bytes = reinterpret_cast<const char*>(m.body.data());
    text += std::to_string(m.has_table) + std::to_string(m.in_memory) +
            std::to_string(m.in_block) + std::to_string(m.has_loans) + ' ' +
            std::to_string(m.memory_bytes) + ' ' + std::to_string(m.handles.size()) + ' ' +
            std::to_string(m.packed_handles) + ' ';
    if (!m.body.empty()) text.append(bytes, m.body.size());
    return text + '\n';
}

class fed_link {
public:
    explicit fed_link(const limits& bounds) : bounds_(bounds) {}

    const std::string& log() const noexcept { return log_; }

    void batch(std::size_t handles, bool lost) {
        auto& b = batches_.emplace_back();
        if (!lost) b.handles.resize(handles);
        b.lost = lost;
    }

    // One read, and everything that comes of it.
    void feed(std::span<const std::byte> bytes) {
        do {
            const auto room = reader_.prepare(chunk_cache::of_this_thread());
            STRAIT_FUZZ_REQUIRE(room.size() >= max_write_bytes);
            const auto part = bytes.first(std::min(room.size(), bytes.size()));
            if (!part.empty()) std::memcpy(room.data(), part.data(), part.size());
            bytes = bytes.subspan(part.size());
            reader_.commit(part.size(), batches_, ++now_);
            drain();
        } while (!bytes.empty());
    }

    void idle() {
        reader_.nothing_before(++now_);
        not_before_ = now_;
        reader_.rest();
    }

    void move() {
        auto s = reader_.peek();
        link_reader::snapshot_data d{s.unread, s.partial, {}, s.message_bytes, s.message_handles,
            s.message_flags, s.in_message, s.not_before};
        // Handles are all empty here.
        for (const auto& b : s.batches) {
            auto& made = d.batches.emplace_back();
            made.handles.resize(b.handles.size());
            made.lost = b.lost;
        }
        const bool was_broken = broken_.has_value();
        link_reader fresh;
        const error_code ec = fresh.restore(std::move(d), bounds_, ++now_);
        if (was_broken) return;  // such a link is not moved
        STRAIT_FUZZ_REQUIRE(!ec);
        reader_ = std::move(fresh);
        drain();
    }

private:
    void drain() {
        for (;;) {
            os::handle_batch adopted;
            const event e = reader_.next(bounds_, message_, adopted);
            STRAIT_FUZZ_REQUIRE(
                reader_.partial_bytes() <= max_body_bytes(bounds_, true) + max_payload_bytes);
            if (broken_) STRAIT_FUZZ_REQUIRE(e == event::broken && reader_.fault() == *broken_);
            if (e == event::broken && !broken_) {
                STRAIT_FUZZ_REQUIRE(reader_.fault());
                broken_ = reader_.fault();
                log_ += "broken " + broken_->message() + '\n';
            }
            if (e == event::broken || e == event::none) return;
            log_ += describe(e, reader_, message_);
            if (e == event::message) check();
            if (e == event::adopt) STRAIT_FUZZ_REQUIRE(adopted.lost || !adopted.handles.empty());
        }
    }

    void check() const {
        const auto& m = message_;
        const bool has_more = m.has_table || m.has_loans;
        STRAIT_FUZZ_REQUIRE(m.body.size() <= max_body_bytes(bounds_, has_more));
        STRAIT_FUZZ_REQUIRE(m.memory_bytes <= max_body_bytes(bounds_, has_more));
        STRAIT_FUZZ_REQUIRE(m.handles.size() <= bounds_.max_handles_per_message);
        STRAIT_FUZZ_REQUIRE(m.packed_handles == 0 || m.fault || !m.handles.empty());
        STRAIT_FUZZ_REQUIRE(m.packed_handles <= max_handles(bounds_, known_flags));
        STRAIT_FUZZ_REQUIRE(!m.in_memory || m.body.empty());
        STRAIT_FUZZ_REQUIRE(!m.in_memory || !m.handles.empty() || m.fault);
        STRAIT_FUZZ_REQUIRE(m.stamp >= not_before_ && m.stamp <= now_);
    }

    limits bounds_;
    link_reader reader_;
    incoming_message message_;
    std::vector<os::handle_batch> batches_;
    std::optional<error_code> broken_;
    std::uint64_t now_ = 100;
    std::uint64_t not_before_ = 0;
    std::string log_;
};

// Frames that are right but for what is chosen, those of one message after the other.
class frame_maker {
public:
    void put(std::vector<std::byte>& to, choices& from) {
        static constexpr std::array kinds{frame_kind::data, frame_kind::data, frame_kind::data,
            frame_kind::withdraw, frame_kind::adopt, frame_kind::park, frame_kind::want,
            frame_kind::forget, frame_kind::hello, frame_kind::release, frame_kind::disuse};
        frame_header h;
        h.kind = kinds[from.below(kinds.size())];
        if (h.kind == frame_kind::data) {
            begin_fragment(h, from);
        } else if (h.kind == frame_kind::adopt) {
            h.handles = static_cast<std::uint16_t>(1 + from.byte() / 64);
        } else if (h.kind == frame_kind::withdraw) {
            left_ = 0;
        }
        const std::size_t payload = h.payload_bytes;
        h.stamp = from.number();
        h.kind = static_cast<frame_kind>(from.mostly(static_cast<std::uint8_t>(h.kind)));
        h.flags = from.mostly(h.flags);
        h.payload_bytes = from.mostly(h.payload_bytes);
        h.handles = from.mostly(h.handles);
        h.message_bytes = from.mostly(h.message_bytes);
        h.message_handles = from.mostly(h.message_handles);
        std::byte header[header_bytes];
        store_header(h, header);
        to.insert(to.end(), header, header + header_bytes);
        const auto content = from.bytes(payload);
        to.insert(to.end(), content.begin(), content.end());
        to.resize(to.size() + payload - content.size());
    }

private:
    void begin_fragment(frame_header& h, choices& from) {
        if (left_ == 0) {
            message_ = {};
            message_.flags = from.byte() & (known_flags & ~flag_last);
            message_.message_bytes =
                static_cast<std::uint32_t>(from.below(64) * (from.byte() < 16 ? 600 : 1));
            message_.message_handles = from.byte() / 64;
            rides_ = static_cast<std::uint16_t>(message_.message_handles);
            if ((message_.flags & flag_packed) != 0)
                message_.message_handles += static_cast<std::uint32_t>(from.mostly(from.byte()));
            left_ = (message_.flags & flag_memory) != 0 ? 0 : message_.message_bytes;
        }
        h = message_;
        const std::uint32_t part = from.byte() % 4 == 0 ? left_ / 2 : left_;
        h.payload_bytes = std::min<std::uint32_t>(part, 32'000);
        left_ -= h.payload_bytes;
        h.handles = left_ == 0 ? rides_ : std::uint16_t(0);
        if (left_ == 0) h.flags |= flag_last;
    }

    frame_header message_;
    std::uint16_t rides_ = 0;  // handles on its last fragment
    std::uint32_t left_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    choices from(data, size);
    const limits bounds = small_limits(from.byte());
    fed_link cut(bounds);
    std::vector<std::byte> all;
    std::vector<std::byte> waiting;
    frame_maker frames;
    bool only_bytes = true;
    while (!from.empty() && all.size() < (1u << 20)) {
        switch (from.byte() % 8) {
        case 0:
        case 1:
        case 2: frames.put(waiting, from); break;
        case 3: {
            const auto raw = from.bytes(from.byte());
            waiting.insert(waiting.end(), raw.begin(), raw.end());
            break;
        }
        case 4: {
            const bool lost = from.rarely();
            cut.batch(from.rarely() ? from.number() % 300 : from.byte() / 64, lost);
            only_bytes = false;
            break;
        }
        case 5:
            if (from.byte() % 2 == 0)
                cut.move();
            else
                cut.idle();
            break;
        default: {
            // All of it, or some: the rest comes with the next read.
            const std::size_t n =
                from.byte() % 4 == 0 ? std::min(waiting.size(), from.below(64)) : waiting.size();
            all.insert(all.end(), waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(n));
            cut.feed(std::span(waiting).first(n));
            waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(n));
        }
        }
    }
    all.insert(all.end(), waiting.begin(), waiting.end());
    cut.feed(waiting);
    if (!only_bytes) return 0;
    // It does not matter where the bytes are cut, nor whether the link moves meanwhile.
    fed_link whole(bounds);
    whole.feed(all);
    STRAIT_FUZZ_REQUIRE(whole.log() == cut.log());
    return 0;
}

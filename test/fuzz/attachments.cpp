//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/choices.hpp"
#include "fuzz/grammar.hpp"
#include "fuzz/parcel.hpp"
#include "fuzz/require.hpp"
#include "fuzz/resources.hpp"
#include "link/block_table.hpp"
#include "link/lease_table.hpp"
#include "link/link_receiver.hpp"
#include "wire/frame.hpp"

#include <strait/detail/ends/typed_message.hpp>

#include <memory>
#include <utility>

// Messages with attachments, one after the other as from one link: references to handles, ends, regions,
// loans and blocks, and receivers with everything that is unread in them.

using namespace strait;
using namespace strait::detail;
using namespace strait::fuzz;

namespace {

limits small_limits() {
    limits l;
    l.max_message_bytes = 100'000;
    l.max_inbox_bytes = 300'000;
    l.max_handles_per_message = 300;
    l.max_pool_bytes = 2000;
    l.max_links = 16;
    return l;
}

std::shared_ptr<link_receiver> make_receiver() {
    const type_identity type = identity_of<parcel>();
    channel_identity identity;
    identity.fingerprint = type.fingerprint;
    identity.type_name = type.name;
    identity.bounds = small_limits();
    return std::make_shared<link_receiver>(std::move(identity), asio::any_io_executor());
}

// As a link reader gives it out.
void fill(incoming_message& m, built_message& b) {
    m.has_table = (b.flags & wire::flag_table) != 0;
    m.in_memory = (b.flags & wire::flag_memory) != 0;
    m.in_block = (b.flags & wire::flag_block) != 0;
    m.has_loans = (b.flags & wire::flag_loans) != 0;
    m.memory_bytes = b.memory_bytes;
    m.packed_handles = (b.flags & wire::flag_packed) != 0 ? b.packed : 0;
    m.handles = std::move(b.handles);
    m.assembled = std::move(b.body);
    m.body = m.assembled.bytes();
}

bool is_possible(const incoming_message& m, std::uint8_t flags) {
    const auto most = wire::max_body_bytes(small_limits(), m.has_table || m.has_loans);
    const auto most_handles = wire::max_handles(small_limits(), flags);
    return m.body.size() <= most && m.memory_bytes <= most && m.handles.size() <= most_handles &&
           std::uint64_t(m.handles.size()) + m.packed_handles <= most_handles + 1 &&
           !(m.packed_handles != 0 && m.handles.empty()) &&
           !(m.in_memory && (m.in_block || m.has_loans || m.handles.empty()));
}

void run(choices& from, things& with) {
    const auto core = make_receiver();
    known_blocks known;
    const auto leases = std::make_shared<lease_table>();
    const auto blocks = std::make_shared<block_table>(core->identity().bounds);
    parcel kept;
    for (int i = 0; i != 8 && !from.empty(); ++i) {
        built_message built =
            build_message(from, with, known, identity_of<number>().fingerprint);
        incoming_message m;
        fill(m, built);
        if (!is_possible(m, built.flags)) return;
        if (m.in_block || m.has_loans) {
            if (!blocks->begin_use(m)) return;
            m.blocks = blocks;
        }
        if (m.has_table) m.leases = leases;
        const std::uint8_t what = from.byte();
        if (what >= 0xf0) continue;  // dropped unread
        if (what >= 0xe0) {
            if (what % 2 == 0) {
                static_cast<void>(unfold(m));
            } else {
                error_code ec;
                const payload_part seen = view_payload(m, ec);
            }
            continue;
        }
        if (what >= 0xd8) blocks->sender_wants();
        parcel p;
        diagnostics details;
        const std::size_t bytes = m.body.size() + m.memory_bytes;
        const std::size_t rides = m.handles.size() + m.packed_handles;
        const std::size_t many = rides + bytes / 8;
        error_code ec;
        {
            const heap_gauge heap;
            ec = decode_message<parcel>(core, m, p, details);
            // An entry, a link with what it has read ahead, and a block have a size each.
            STRAIT_FUZZ_REQUIRE(heap.most() <= budget_of(bytes, core->identity().bounds) +
                                                   1024 * many + 70'000 * rides + 4096);
        }
        if (ec) continue;
        use(p);
        if ((what & 8) != 0) {
            with.answer(from);
            use(p);
        }
        // Blocks are given back in another order than they came.
        if (what % 2 == 0) kept = std::move(p);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::size_t before = open_descriptors();
    {
        choices from(data, size);
        things with;
        run(from, with);
    }
    STRAIT_FUZZ_REQUIRE(open_descriptors() == before);
    return 0;
}

//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "worker.hpp"

#include "counter.hpp"
#include "messages.hpp"

#include <strait/process.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace word_count {

namespace {

answer count_file(request& r) {
    counter c;
    const strait::unique_file file = r.content.into_file("r");
    count(file.get(), c);
    return {r.file, c.total, std::move(c.identifiers)};
}

}  // namespace

// A worker has one thing to do at a time, so it blocks and needs no io_context.
int run_worker() {
    auto requests = strait::inherited::take().take<strait::receiver<request>>("requests");
    for (;;) {
        strait::error_code ec;
        request r = requests.recv(ec);
        if (ec == boost::asio::error::eof) return 0;
        if (ec) throw strait::system_error(ec, "recv");
        r.reply.send(count_file(r));
    }
}

}  // namespace word_count

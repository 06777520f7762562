//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/echo.capnp.h"
#include "peers/transport.hpp"

#include <capnp/ez-rpc.h>

// Cap'n Proto RPC over a local socket. One way is a streaming call, whose flow control is that of
// the library: the next one is sent when the promise of the last one is kept.

namespace bench::peers {

namespace {

capnp::ReaderOptions unlimited() {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = std::uint64_t{1} << 40;
    return options;
}

// Room for the message and what is around it, so that it lies in one segment.
capnp::MessageSize size_hint(std::size_t bytes) { return {bytes / sizeof(capnp::word) + 64, 1}; }

glimpse look(capnp::Data::Reader message) { return look_at(message.begin(), message.size()); }

class capnproto_client : public client {
public:
    explicit capnproto_client(meeting& m)
        : rpc_("unix:" + m.path(), 0, unlimited()), bench_(rpc_.getMain<schema::Bench>()) {}
    ~capnproto_client() noexcept override = default;

    void send(const any_bytes& message) override {
        auto request = bench_.putRequest(size_hint(message.size()));
        request.setMessage(kj::arrayPtr(message.data(), message.size()));
        request.send().wait(rpc_.getWaitScope());
    }
    glimpse call(const any_bytes& message) override {
        auto request = bench_.echoRequest(size_hint(message.size()));
        request.setMessage(kj::arrayPtr(message.data(), message.size()));
        return look(request.send().wait(rpc_.getWaitScope()).getMessage());
    }
    void flush() override { bench_.doneRequest().send().wait(rpc_.getWaitScope()); }

private:
    capnp::EzRpcClient rpc_;
    schema::Bench::Client bench_;
};

// Calls that came and were not waited for yet; the event loop runs only while one is waited for.
class counted_calls {
public:
    void add() {
        ++waiting_;
        if (wanted_) wanted_->fulfill();
    }
    void take_one(kj::WaitScope& scope) {
        while (waiting_ == 0) {
            auto wanted = kj::newPromiseAndFulfiller<void>();
            wanted_ = wanted.fulfiller.get();
            wanted.promise.wait(scope);
            wanted_ = nullptr;
        }
        --waiting_;
    }

private:
    std::uint64_t waiting_ = 0;
    kj::PromiseFulfiller<void>* wanted_ = nullptr;
};

struct served {
    counted_calls messages;
    counted_calls done;
    glimpse last;
};

class service : public schema::Bench::Server {
public:
    explicit service(served& to) : to_(to) {}

    kj::Promise<void> echo(EchoContext context) override {
        const auto message = context.getParams().getMessage();
        context.getResults(size_hint(message.size())).setMessage(message);
        to_.messages.add();
        return kj::READY_NOW;
    }
    kj::Promise<void> put(PutContext context) override {
        to_.last = look(context.getParams().getMessage());
        to_.messages.add();
        return kj::READY_NOW;
    }
    kj::Promise<void> done(DoneContext) override {
        to_.done.add();
        return kj::READY_NOW;
    }

private:
    served& to_;
};

class capnproto_server : public server {
public:
    explicit capnproto_server(meeting& m)
        : rpc_(kj::heap<service>(served_), "unix:" + m.path(), 0, unlimited()) {
        rpc_.getPort().wait(rpc_.getWaitScope());
    }
    ~capnproto_server() noexcept override = default;

    glimpse receive() override {
        served_.messages.take_one(rpc_.getWaitScope());
        return served_.last;
    }
    void answer() override { served_.messages.take_one(rpc_.getWaitScope()); }

    // The last reply leaves while the loop has something to do.
    void flush() override {
        served_.done.take_one(rpc_.getWaitScope());
        rpc_.getWaitScope().poll();
    }

private:
    served served_;
    capnp::EzRpcServer rpc_;
};

}  // namespace

transport capnproto() {
    return {
        .name = "Cap'n Proto RPC",
        .max_bytes = 32u << 20,  // one of 64 MiB is past its own limit
        .make_client = make_client<capnproto_client>,
        .make_server = make_server<capnproto_server>};
}

}  // namespace bench::peers

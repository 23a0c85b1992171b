# OAuth 1.0a by ruby-oauth, only the site changed: the dance with parameters in the header, the query and the body, and signed requests.
#
#   ruby oauth.rb ADDRESS USERNAME CONSUMER_KEY CONSUMER_SECRET
#
# It prints where the person is to be sent, and reads where the person came back to, or what the person typed over.
require "json"
require "oauth"
require "oauth/signature/plaintext"

$stdout.sync = true
ADDRESS, USERNAME, KEY, SECRET = ARGV
BACK = "https://podhost.example/back"

def check(what, found)
  abort "#{what}: #{found.inspect}" unless yield(found)
end

def ask(decision, url)
  puts "#{decision} #{url}"
  $stdin.gets.strip
end

def consumer(more = {})
  OAuth::Consumer.new(KEY, SECRET, { site: ADDRESS }.merge(more))
end

def access(consumer)
  request_token = consumer.get_request_token(oauth_callback: BACK)
  check("callback", request_token) { |token| token.callback_confirmed? }
  returned = URI.decode_www_form(URI(ask("allow", request_token.authorize_url)).query).to_h
  check("token", returned) { |pairs| pairs["oauth_token"] == request_token.token }
  request_token.get_access_token(oauth_verifier: returned["oauth_verifier"])
end

[{ scheme: :header }, { scheme: :query_string }, { scheme: :body }, { http_method: :get }, { signature_method: "PLAINTEXT" }].each do |more|
  token = access(consumer(more))
  # A body is signed only where there is one, so a GET by that client has its parameters elsewhere.
  next if more[:scheme] == :body

  check("me by #{more}", token.get("/me")) { |reply| JSON.parse(reply.body)["username"] == USERNAME }
  check("me/ by #{more}", token.get("/me/")) { |reply| JSON.parse(reply.body)["username"] == USERNAME }
  check("me.xml by #{more}", token.get("/me.xml")) { |reply| reply.body.include?("<username>#{USERNAME}</username>") }
  check("echo by #{more}", token.get("/oauth/test_request?a=1&b=x%20y")) { |reply| reply.body == "a=1&b=x+y" }
end

# The program on a desk: nobody can come back to it, so the person types something over.
by_hand = consumer.get_request_token(oauth_callback: "oob")
typed = ask("allow", by_hand.authorize_url)
check("me by hand", by_hand.get_access_token(oauth_verifier: typed).get("/me")) { |reply| reply.code == "200" }

# A refusal comes back as one, and the token is worth nothing afterwards.
refused = consumer.get_request_token(oauth_callback: BACK)
check("refusal", ask("refuse", refused.authorize_url)) { |url| url.include?("denied=") }
begin
  refused.get_access_token(oauth_verifier: "anything")
  abort "a refused token was traded"
rescue OAuth::Unauthorized => error
  check("why", error.request.body) { |body| body.include?("token_rejected") }
end

# A secret that is not the app's.
begin
  OAuth::Consumer.new(KEY, "#{SECRET}x", site: ADDRESS).get_request_token(oauth_callback: BACK)
  abort "a wrong secret was taken"
rescue OAuth::Unauthorized => error
  check("why", error.request.body) { |body| body.include?("signature_invalid") }
end
puts "done"

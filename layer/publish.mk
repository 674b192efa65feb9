publish: ## the layers into your AWS account: REGION=eu-west-1 or ALL=1; DRY_RUN=1 prints the commands
	$(Q)layer/publish.sh

.PHONY: publish
